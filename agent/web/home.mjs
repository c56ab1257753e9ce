// home.mjs: what there is to do: drafts, open questions, what came back, what was done last;
// search.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Failure, Icon, Notice, useId } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';
import { NoteItem, TodayItem } from './today.mjs';

const SEARCH_REST_MS = 250;
const DUE_SHOWN = 50; // as the API gives them

export const areaName = (item) => item.area_name ?? item.area_names?.[item.area] ?? item.area ?? '';

export function RecordItem({ item, note }) {
  return html`<a class="item" href="#/record/${encodeURIComponent(item.id)}">
    <span class="grow"><strong>${item.title || tr('Without a name')}</strong>
      <span class="quiet block small">${[areaName(item), item.form === 'visit' &&
        tr('Visit'), note ?? (item.changed &&
        tr('changed {when}', { when: moment(item.changed) }))].filter(Boolean).join(' · ')}</span>
    </span>
    ${item.conflicts > 0 && html`<span class="tag conflict"><${Icon} name="conflict" />${
      tr('{n} questions', { n: item.conflicts })}</span>`}
    ${item.sealed && html`<span class="tag"><${Icon} name="lock" />${tr('sealed')}</span>`}
    ${item.pending && html`<span class="tag tablet"><${Icon} name="tablet" />${
      tr('on this tablet')}</span>`}
    <${Icon} name="next" /></a>`;
}

function DraftItem({ item }) {
  return html`<a class="item" href="#/${item.form === 'visit' ? 'visit' : 'draft'}/${item.draft}">
    <${Icon} name="edit" /><span class="grow"><strong>${item.title || tr('Without a name')}</strong>
    <span class="quiet block small">${[areaName(item), item.form_title, item.record
        ? tr('a change') : tr('new'),
      tr('saved {when}', { when: moment(item.saved) })].filter(Boolean).join(' · ')}</span></span>
    <span class="tag tablet">${tr('go on')}</span><${Icon} name="next" /></a>`;
}

function Section({ id, title, icon, items, children }) {
  return items?.length > 0 && html`<section aria-labelledby=${id}>
    <div class="section-head"><h2 id=${id} tabindex="-1"><${Icon}
      name=${icon} /> ${title}</h2></div>
    <ul class="list">${items.map((item) => html`<li key=${item.draft ?? item.note ?? item.task ?? item.dot ?? item.id ??
      item.household}>${
      children(item)}</li>`)}</ul></section>`;
}

function Search({ onResult }) {
  const id = useId();
  const [text, setText] = useState('');
  const asking = useRef(null);

  useEffect(() => {
    const words = text.trim();
    const timer = setTimeout(async () => {
      asking.current?.abort();
      if (words === '') {
        onResult(null);
        return;
      }
      asking.current = new AbortController();
      try {
        onResult({ ...await api.search(words, asking.current.signal), words });
      } catch (trouble) {
        if (trouble.name !== 'AbortError') onResult({ trouble, words });
      }
    }, words === '' ? 0 : SEARCH_REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<div class="field" role="search"><label class="label" for=${id}>${
      tr('Search: name, end of the identity number, group')}</label>
    <div class="search-line"><input class="input" id=${id} type="text" inputmode="search"
      autocomplete="off" autocapitalize="off" spellcheck=${false} value=${text}
      onInput=${(event) => setText(event.currentTarget.value)}
      onKeyDown=${(event) => {
        if (event.key !== 'Escape' || text === '') return;
        event.stopPropagation();
        setText('');
      }} /><${Icon} name="search" /></div></div>`;
}

function Found({ result }) {
  const items = result.records ?? result.list ?? [];

  if (result.trouble) return html`<${Failure} trouble=${result.trouble} />`;
  return html`<section><div role="status" class="section-head"><h2>${items.length === 0
    ? tr('Nothing found on this tablet') : tr('{n} found', { n: result.total ?? items.length
      })}</h2>
    </div><ul class="list">${items.map((item) => html`<li key=${item.id}>
      <${RecordItem} item=${item} /></li>`)}</ul></section>`;
}

const jump = (id) => (event) => {
  event.preventDefault();
  document.getElementById(id)?.scrollIntoView();
  document.getElementById(id)?.focus();
};

function Count({ id, label, list }) {
  return html`<a class="card" href="#${id}" onClick=${jump(id)}><span>${label}</span>
    <b>${list?.length ?? 0}</b></a>`;
}

async function load() {
  const home = await api.home();

  // What came back is known by its record's id only.
  for (const item of home.returned ?? [])
    Object.assign(item, await api.record(item.id).then(({ title, area, area_name }) =>
      ({ title, area, area_name }), () => ({})));
  return home;
}

export function Home({ shared }) {
  const { found: home, trouble, again } = useFound(load);
  const [result, setResult] = useState(null);
  const needs = [['notes', home?.notes], ['conflicts', home?.conflicts],
    ['returned', home?.returned]];
  const isEmpty = home && !home.drafts?.length && !home.recent?.length && !home.conflicts?.length &&
    !home.today?.length;

  return html`<${Frame} title=${tr('Sunshine visits')} shared=${shared} foot=${html`
      <span class="row"><a class="button plain" href="#/settings"><${Icon}
        name="settings" />${tr('Settings')}</a>
      <a class="button plain" href="#/meetings"><${Icon} name="person" />${tr('Meetings')}</a></span>
      <a class="button primary" href="#/new"><${Icon} name="plus" />${tr('New household')}</a>`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${shared.status.alarms?.some((alarm) => !alarm.seen) && html`<${Notice} kind="error">${
      tr(
        'The county’s records were changed behind its back. Please tell the county.')
    }</${Notice}>`}
    ${shared.status.clock_wrong && html`<${Notice} kind="warning">${
      tr('The clock of this tablet is wrong. Nothing is lost by it; please set it.')}</${Notice}>`}
    <${Search} onResult=${setResult} />
    ${result ? html`<${Found} result=${result} />` : home && html`
      <nav class="counts" aria-label=${tr('What there is to do')}>
        <${Count} id="today" label=${tr('Today')} list=${home.today} />
        <${Count} id="drafts" label=${tr('Unfinished')} list=${home.drafts} />
        <${Count} id=${needs.find(([, list]) => list?.length)?.[0] ?? 'conflicts'}
          label=${tr('To be looked at')} list=${needs.flatMap(([, list]) => list ?? [])} /></nav>
      ${isEmpty && html`<p class="quiet">${
        tr('Nothing here yet. Begin with a new household, or get the county’s records by sending.')
      }</p>`}
      <${Section} id="today" title=${tr('To do today')} icon="clock" items=${home.today}>${
        (item) => html`<${TodayItem} item=${item} />`}</${Section}>
      ${home.due > DUE_SHOWN && html`<p class="quiet">${tr('{n} households are due in all.',
        { n: home.due })}</p>`}
      <${Section} id="drafts" title=${tr('Unfinished')} icon="edit" items=${home.drafts}>${
        (item) => html`<${DraftItem} item=${item} />`}</${Section}>
      <${Section} id="notes" title=${tr('To be mended')} icon="back" items=${home.notes}>${
        (item) => html`<${NoteItem} item=${item} />`}</${Section}>
      <${Section} id="conflicts" title=${tr('Open questions')} icon="conflict"
        items=${home.conflicts}>${(item) => html`<${RecordItem}
        item=${{ ...item, conflicts: item.conflicts ?? 1 }} note=${item.label} />`}</${Section}>
      <${Section} id="returned" title=${tr('Given back by the county')} icon="back"
        items=${home.returned}>${(item) => html`<${RecordItem} item=${item}
        note=${item.reason} />`}</${Section}>
      <${Section} id="recent" title=${tr('Changed last')} icon="clock" items=${home.recent}>${
        (item) => html`<${RecordItem} item=${item} />`}</${Section}>`}
  </${Frame}>`;
}
