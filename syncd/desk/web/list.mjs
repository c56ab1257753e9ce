// list.mjs: a long list: head that stays, rows that the arrow keys walk, pages that are fetched as
// one gets there, columns one may put away, and chips that say what is filtered.
//
//   const list = useList('people', (cursor) => api.people(cursor), [filters...]);
//   html`<${List} list=${list} label=${...} columns=${[
//     { id: 'name', label: ..., cell: (item) => item.name, href: (item) => ... },
//     { id: 'seen', label: ..., cell: ..., kind: 'number', optional: true } ]} />`
//
// The first column is the row's name and leads to it: by href(item), or by onOpen(item). A list that
// one comes back to is as one left it: rows, place, choice (keyed by name and filters, until the
// page is loaded anew).
import { html, useEffect, useLayoutEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Failure, Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { Menu } from './frame.mjs';

const remembered = new Map(); // key -> {items, next, scroll, chosen}
const hidden = new Map(); // name of a list -> ids of columns that are put away

export function forgetLists() {
  remembered.clear();
}

// load(cursor) answers {items, next}; filters are what the list depends on.
export function useList(name, load, filters = []) {
  const key = `${name}?${JSON.stringify(filters)}`;
  const [state, setState] = useState(() => remembered.get(key) ?? null);
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);

  async function fetchPage(before) {
    const mine = ++turn.current;

    setBusy(true);
    try {
      const page = await load(before?.next ?? '');
      if (mine !== turn.current) return; // somebody has filtered meanwhile
      const now = { ...before, items: [...(before?.items ?? []), ...page.items],
        next: page.next ?? null, total: page.total ?? before?.total };

      remembered.set(key, now);
      setState(now);
      setTrouble(null);
    } catch (failure) {
      if (mine === turn.current) setTrouble(failure);
    }
    if (mine === turn.current) setBusy(false);
  }
  useEffect(() => {
    const known = remembered.get(key);

    setState(known ?? null);
    if (!known) fetchPage(null);
  }, [key]);
  return {
    name, key, items: state?.items ?? null, next: state?.next, total: state?.total, trouble, busy,
    more: () => state?.next && !busy && fetchPage(state),
    again: () => { remembered.delete(key); fetchPage(null); },
    memory: state,
  };
}

function Columns({ list, columns, onChange }) {
  const away = hidden.get(list.name) ?? new Set();

  return html`<${Menu} label=${tr('Columns')} icon="settings"><fieldset class="stack">
    <legend class="hidden">${tr('Columns')}</legend>${columns.filter((one) => one.optional)
      .map((one) => html`<label class="check" key=${one.id}><input type="checkbox"
        checked=${!away.has(one.id)} onChange=${(event) => {
          const now = new Set(away);

          if (event.currentTarget.checked) now.delete(one.id);
          else now.add(one.id);
          hidden.set(list.name, now);
          onChange();
        }} />${one.label}</label>`)}</fieldset></${Menu}>`;
}

// chips: [{label, onRemove}]
export function Chips({ chips }) {
  return chips.length > 0 && html`<ul class="chips" aria-label=${tr('Filters in force')}>${
    chips.map((chip) => html`<li key=${chip.label}><button type="button" class="chip"
      onClick=${chip.onRemove}>${chip.label}<${Icon} name="close" /><span class="hidden">${
      tr('remove')}</span></button></li>`)}</ul>`;
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 };

export function List({ list, columns, label, empty, onOpen, rowClass, tools }) {
  const [, redraw] = useState(0);
  const body = useRef();
  const end = useRef();
  const away = hidden.get(list.name) ?? new Set();
  const shown = columns.filter((one) => !away.has(one.id));
  const items = list.items ?? [];

  function key(event) {
    const step = STEPS[event.key];
    const links = [...body.current.querySelectorAll('.row-link')];
    const now = links.indexOf(document.activeElement);

    if (!step || now < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = Math.min(links.length - 1, Math.max(0, now + step));

    event.preventDefault();
    links[next].focus();
    if (next === links.length - 1) list.more();
  }
  // The place one left, and the row one went into.
  useLayoutEffect(() => {
    const memory = remembered.get(list.key);

    if (!list.items || !memory) return undefined;
    if (memory.scroll !== undefined) window.scrollTo(0, memory.scroll);
    if (memory.chosen !== undefined)
      body.current?.querySelectorAll('.row-link')[memory.chosen]?.focus({ preventScroll: true });
    // Whoever leaves is at the top already when this page goes.
    const note = () => { memory.scroll = window.scrollY; };

    addEventListener('scroll', note, { passive: true });
    return () => removeEventListener('scroll', note);
  }, [list.key, list.items !== null]);
  // The next page comes before one has reached the end of this one.
  useEffect(() => {
    if (!end.current || !list.next) return undefined;
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) &&
      list.more(), { rootMargin: '600px' });

    watch.observe(end.current);
    return () => watch.disconnect();
  }, [list.next, list.busy]);
  const open = (index) => {
    const memory = remembered.get(list.key);

    if (memory) memory.chosen = index;
    if (onOpen) onOpen(items[index]);
  };

  return html`<section class="listing" aria-label=${label}>
    <div class="listing-tools"><span class="quiet" role="status">${list.items === null ? ''
      : list.total != null ? tr('{n} in all', { n: list.total })
        : tr('{n} shown', { n: `${items.length}${list.next ? '+' : ''}` })}</span>
      <span class="grow"></span>${tools}
      ${columns.some((one) => one.optional) && html`<${Columns} list=${list} columns=${columns}
        onChange=${() => redraw((n) => n + 1)} />`}
      <${Button} kind="plain" icon="sync" busy=${list.busy} onClick=${list.again}>${
        tr('Refresh')}</${Button}></div>
    <${Failure} trouble=${list.trouble} onAgain=${list.again} />
    ${list.items !== null && items.length === 0 && html`<p class="empty quiet">${
      empty ?? tr('Nothing here.')}</p>`}
    ${items.length > 0 && html`<table class="table"><thead><tr>${shown.map((one) => html`
      <th key=${one.id} scope="col" class=${one.kind ?? ''}>${one.label}</th>`)}</tr></thead>
      <tbody ref=${body} onKeyDown=${key}>${items.map((item, index) => html`
        <tr key=${item.id ?? index} class=${rowClass?.(item) ?? ''}
          onClick=${(event) => event.target.closest('a, button, input, label') === null &&
            event.currentTarget.querySelector('.row-link')?.click()}>
          ${shown.map((one, column) => (column === 0 && (one.href || onOpen)
            ? html`<th key=${one.id} scope="row"><a class="row-link" href=${one.href?.(item) ?? '#'}
              onClick=${(event) => { if (!one.href) event.preventDefault(); open(index); }}>${
              one.cell(item)}</a></th>`
            : html`<td key=${one.id} class=${one.kind ?? ''} data-label=${one.label}>${
              one.cell(item)}</td>`))}</tr>`)}
      </tbody></table>`}
    <div ref=${end}>${list.next && html`<p class="center"><${Button} busy=${list.busy}
      onClick=${list.more}>${tr('More')}</${Button}></p>`}</div></section>`;
}
