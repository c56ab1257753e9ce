// components.mjs: the small parts that all pages are made of. Every one works with the keyboard and
// says the same to a reader of the screen as to the eye.
import { html, useEffect, useLayoutEffect, useRef, useState } from './html.mjs';
import { Icon } from './icons.mjs';
import { count } from './format.mjs';
import { tr } from './words.mjs';

export { Icon };

let serial = 0;

// An id that is unique on this page, for labels.
export function useId() {
  const id = useRef(0);

  if (id.current === 0) id.current = ++serial;
  return `id${id.current}`;
}

// kind: primary (one on a page), plain, danger or nothing. With busy it waits and cannot be pressed
// twice, but keeps the focus.
export function Button({ kind = '', icon, after, busy, wide, children, onClick, ...rest }) {
  return html`<button type="button" class="button ${kind} ${wide ? 'wide' : ''}" ...${rest}
      aria-disabled=${busy ? 'true' : undefined} onClick=${busy ? undefined : onClick}>
      ${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>
      ${after && html`<${Icon} name=${after} />`}</button>`;
}

const NOTICE_ICONS = { error: 'error', warning: 'warning', conflict: 'conflict', '': 'check' };

export function Notice({ kind = '', icon, children, ...rest }) {
  return html`<div class="notice ${kind}" ...${rest}>
    <${Icon} name=${icon ?? NOTICE_ICONS[kind]} /><div class="grow">${children}</div></div>`;
}

// A failure in words, with a way on.
export function Failure({ trouble, onAgain }) {
  return trouble && html`<${Notice} kind="error" role="alert">
    <p>${trouble.message}</p>
    ${onAgain && html`<${Button} icon="sync" onClick=${onAgain}>${tr('Try again')}</${Button}>`}
    </${Notice}>`;
}

// One line of text of a page (not of a form: schema/web). Never filled in by the browser.
export function Field({ label, hint, error, value, onInput, type = 'text', inputRef, ...rest }) {
  const id = useId();
  const described = [hint && `${id}h`, error && `${id}e`].filter(Boolean).join(' ');

  return html`<div class="field">
    <label class="label" for=${id}>${label}</label>
    ${hint && html`<p class="quiet small" id="${id}h">${hint}</p>`}
    <input class="input" id=${id} ref=${inputRef} type=${type} value=${value} autocomplete="off"
      autocapitalize="off" spellcheck=${false} aria-invalid=${error ? 'true' : undefined}
      aria-describedby=${described || undefined}
      onInput=${(event) => onInput(event.currentTarget.value)} ...${rest} />
    ${error && html`<${Notice} kind="error" id="${id}e" role="alert">${error}</${Notice}>`}
  </div>`;
}

// A question that has to be answered before anything else. Esc is onClose. The focus goes back to
// where it was.
// wide, full: what is looked at needs more room than what is read.
export function Dialog({ title, onClose, wide, full, children }) {
  const dialog = useRef();
  const id = useId();

  useLayoutEffect(() => {
    const before = document.activeElement;

    dialog.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`<dialog ref=${dialog} class=${full ? 'full' : wide ? 'wide' : ''} aria-labelledby=${id}
    onKeyDown=${(event) => event.key === 'Escape' && event.stopPropagation()}
    onCancel=${(event) => { event.preventDefault(); onClose(); }}>
    <div class="stack"><h2 id=${id}>${title}</h2>${children}</div></dialog>`;
}

// tabs: [{id, label, mark}]. Arrow keys move, as readers of the screen expect.
export function Tabs({ tabs, selected, onSelect, label, panel }) {
  const bar = useRef();
  const at = tabs.findIndex((tab) => tab.id === selected);

  // On a small screen the bar is wider than the page: the chosen one stands in its middle.
  useLayoutEffect(() => {
    const tab = bar.current.children[at];

    if (tab) bar.current.scrollLeft = tab.offsetLeft - (bar.current.clientWidth - tab.offsetWidth) / 2;
  }, [at]);
  function key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1
      : step ? (at + step + tabs.length) % tabs.length : -1;

    if (next < 0) return;
    event.preventDefault();
    onSelect(tabs[next].id);
    bar.current.children[next].focus();
  }
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${bar} onKeyDown=${key}>
    ${tabs.map((tab, index) => html`<button key=${tab.id} type="button" role="tab" class="tab"
      id="tab${index}" aria-selected=${tab.id === selected ? 'true' : 'false'}
      aria-controls=${panel} tabindex=${tab.id === selected ? 0 : -1}
      onClick=${() => onSelect(tab.id)}>${tab.label}${tab.mark}</button>`)}</div>`;
}

// Where the work is: on this tablet only, on the server, backed up there. status: see docs/api.md.
export function Badge({ status, href }) {
  const waits = status.unsent ?? 0;

  return html`<a class="badge" href=${href}>
    <span class="tablet ${waits > 0 ? 'waits' : ''}"><${Icon} name="tablet" />${
      tr('Tablet')} ${count(waits)}</span>
    <span class="server"><${Icon} name="server" />${tr('County')} ${count(status.on_server)}</span>
    <span class="safe"><${Icon} name="safe" />${tr('Backed up')} ${count(status.backed_up)}</span>
  </a>`;
}

// ---- toasts: said once, gone by themselves, except where there is something to undo ----

const toasts = { list: [], show: () => {} };

export function toast(text, action) {
  const item = { id: ++serial, text, action };

  toasts.list = [...toasts.list.slice(-2), item];
  toasts.show(toasts.list);
  setTimeout(() => dismiss(item), action ? 10000 : 5000);
}

function dismiss(item) {
  toasts.list = toasts.list.filter((other) => other !== item);
  toasts.show(toasts.list);
}

// Once on a page, always there: a live region that appears together with its text is not read.
export function Toasts() {
  const [list, setList] = useState(toasts.list);

  useEffect(() => {
    toasts.show = setList;
  }, []);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${list.map((item) => html`<div class="toast" key=${item.id}><span>${item.text}</span>
      ${item.action && html`<button type="button" class="button"
        onClick=${() => { dismiss(item); item.action.run(); }}>${item.action.label}</button>`}
    </div>`)}</div>`;
}
