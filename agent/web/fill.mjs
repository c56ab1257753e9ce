// fill.mjs: filling a form. One group a page; every answer goes to the disk at once; the head says
// when. The address names the draft and the page, so that a reload goes on where one was.
import { html, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from
  'kit/html.mjs';
import { Button, Dialog, Failure, Icon, Notice, toast } from 'kit/components.mjs';
import { clock } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { FormPage } from 'form/form.mjs';
import { domId } from 'form/question.mjs';
import { doubtsOf, missingOf, pageToResume, pagesOf, pageWith, treeOf, walk } from 'form/pages.mjs';
import * as api from './api.mjs';
import { go, routeNow } from './route.mjs';
import { Frame } from './frame.mjs';
import { Overview } from './overview.mjs';
import { isPrivate, Private } from './private.mjs';
import { Saver } from './saver.mjs';

const OVERVIEW = 'overview';
const FIRST = 'first'; // question of the page

function Saved({ saver }) {
  if (saver.trouble)
    return html`<span class="state failed" role="status"><${Icon} name="warning" />${
      tr('Not saved yet, trying again')}</span>`;
  if (saver.isDirty)
    return html`<span class="state"><${Icon} name="clock" />${tr('Saving…')}</span>`;
  return html`<span class="state saved" data-saved=${saver.savedAt || undefined}>
    <${Icon} name="tablet" />${saver.savedAt
      ? tr('Saved on this tablet {time}', { time: clock(saver.savedAt) })
      : tr('Saved on this tablet')}</span>`;
}

function Languages({ form, onSpeak }) {
  const languages = form.languages ?? [];

  return languages.length > 1 && html`<label class="row small"><span class="quiet">${
      tr('Language of the form')}</span>
    <select class="input number" autocomplete="off" value=${form.language}
      onChange=${(event) => onSpeak(event.currentTarget.value)}>
      ${languages.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select>
    </label>`;
}

function refsOf(page) {
  const refs = [];

  for (const node of page.nodes) {
    refs.push(node.question.ref);
    if (node.question.kind === 'group') walk(node, ({ question }) => refs.push(question.ref));
  }
  return refs;
}

// An answer may cut the form into other pages: one stays with the question that one has answered,
// or with what else stood on the page.
function pageAsBefore(pages, { refs, answered }) {
  for (const ref of refs.includes(answered) ? [answered, ...refs] : refs) {
    const page = pageWith(pages, ref);
    if (page) return page;
  }
  return null;
}

// Letters that could not be saved when the page was left (the tablet locked itself, the program did
// not answer) wait here for their person to come back to the draft.
const kept = new Map();

function saverOf(person, number, show) {
  const key = `${person}/${number}`;
  const saver = kept.get(key) ?? new Saver(number, show);

  kept.delete(key);
  saver.show = show;
  saver.isClosed = false;
  return saver;
}

function leaveSaver(person, number, saver) {
  const key = `${person}/${number}`;

  saver.show = () => {};
  kept.set(key, saver);
  saver.close().then(() => {
    if (!saver.isDirty && kept.get(key) === saver) kept.delete(key);
  });
}

export function Fill({ words, shared }) {
  const [number, wanted] = words;
  const [, redraw] = useReducer((count) => count + 1, 0);
  const [failure, setFailure] = useState(null);
  const [showAll, setShowAll] = useState(false);
  const [asked, setAsked] = useState(null); // an instance that is to be removed
  const [busy, setBusy] = useState(false);
  const touched = useRef(new Set());
  const focusOn = useRef(null);
  const shown = useRef({ refs: [] }); // the page, and the question that was answered last
  const person = shared.me.person.id;
  const saver = useMemo(() => saverOf(person, number, redraw), [number]);
  const { form } = saver;
  const pages = useMemo(() => (form ? pagesOf(treeOf(form.questions)) : []), [form]);
  const missing = useMemo(() => missingOf(pages), [pages]);
  const doubts = useMemo(() => doubtsOf(pages), [pages]);

  useEffect(() => {
    const leave = (event) => saver.isDirty && (saver.flush(), event.preventDefault());
    const hide = () => saver.flush();
    // The draft may be gone: finished in another tab.
    const look = () => saver.look().catch((trouble) => trouble.code === 'not_found' &&
      setFailure(trouble));

    saver.open().catch(setFailure);
    addEventListener('beforeunload', leave);
    document.addEventListener('visibilitychange', hide);
    addEventListener('focus', look);
    return () => {
      removeEventListener('beforeunload', leave);
      document.removeEventListener('visibilitychange', hide);
      removeEventListener('focus', look);
      leaveSaver(person, number, saver);
    };
  }, [saver]);

  const page = pages.find((one) => one.id === wanted) ?? (wanted && wanted !== OVERVIEW
    ? pageWith(pages, wanted) ?? pageAsBefore(pages, shown.current) : null) ?? pageToResume(pages);
  if (page) shown.current = { id: page.id, refs: refsOf(page), answered: shown.current.answered };
  // The address always says where one is, so that a reload comes back here; but not once it says
  // that one has gone elsewhere.
  useEffect(() => {
    if (form && page && wanted !== OVERVIEW && wanted !== page.id &&
      routeNow().name === 'draft' && routeNow().words[0] === number && routeNow().words[1] === wanted)
      history.replaceState(null, '', `#/draft/${number}/${encodeURIComponent(page.id)}`);
  }, [form, page?.id, wanted]);
  useLayoutEffect(() => {
    const field = focusOn.current === FIRST ? document.querySelector('.question[data-ref]')
      : focusOn.current && document.getElementById(domId(focusOn.current));

    if (!field) return;
    focusOn.current = null;
    field.scrollIntoView({ block: 'center' });
    field.querySelector('input, select, textarea, button')?.focus({ preventScroll: true });
  });

  if (!form) return html`<${Frame} title=${tr('Form')} back="#/" shared=${shared}>
    <${Failure} trouble=${failure} onAgain=${() => location.reload()} /></${Frame}>`;

  const siblings = pages.filter((one) => one.up === page.up && one.instance === page.instance);
  const at = siblings.findIndex((one) => one.id === page.id);
  const open = (id) => { saver.flush(); go('draft', number, id); };
  const next = siblings[at + 1]?.id ?? page.up ?? OVERVIEW;
  const isUp = !siblings[at + 1] && page.up;

  // Somebody passed these questions: from now on the page may say what is missing in them.
  function pass() {
    for (const node of page.nodes) {
      touched.current.add(node.question.ref);
      if (node.question.kind === 'group') walk(node, ({ question }) =>
        touched.current.add(question.ref));
    }
    open(next);
  }
  function back() {
    saver.flush();
    if (wanted === OVERVIEW) open(page.id);
    else if (siblings[at - 1]) open(siblings[at - 1].id);
    else if (page.up) open(page.up);
    else if (form.form === 'visit') go('visit', number);
    else go('home');
  }
  async function step(call) {
    setFailure(null);
    try {
      return await saver.step(call);
    } catch (trouble) {
      setFailure(trouble);
      return null;
    }
  }
  async function add(ref) {
    const answer = await step(() => api.addInstance(number, ref));
    if (!answer) return;
    const fresh = pagesOf(treeOf(saver.form.questions))
      .find((one) => one.instance === answer.added);

    if (fresh) open(fresh.id);
  }
  function remove(node) {
    let isDeep = false;

    walk(node, ({ question }) => { isDeep ||= question.kind === 'instance'; });
    if (isDeep) setAsked(node);
    else removeNow(node);
  }
  // Undo asks for a new instance at the end and answers it again.
  async function removeNow(node) {
    const answers = [];
    const { ref } = node.question;

    setAsked(null);
    walk(node, ({ question }) => {
      if (question.value && !question.read_only)
        answers.push([question.ref.slice(ref.length), question.value]);
    });
    touched.current.clear();
    saver.refused.clear();
    if (!await step(() => api.removeInstance(number, ref)) || answers.length === 0) return;
    toast(tr('Removed.'), { label: tr('Undo'), run: async () => {
      const repeat = ref.replace(/\[\d+\]$/, '');

      const answer = await step(() => api.addInstance(number, repeat));

      for (const [rest, value] of answer ? answers : []) saver.set(answer.added + rest, value,
        true);
    } });
  }
  async function finish() {
    setBusy(true);
    setShowAll(true);
    const isVisit = form.form === 'visit' && !form.record;
    const done = await step(() => api.finishDraft(number));

    setBusy(false);
    if (done?.id) {
      shared.refresh();
      toast(tr(
        'Finished. It is saved on this tablet and goes to the county with the next sending.'));
      go(isVisit ? 'sign' : 'record', done.id);
    } else {
      await saver.open().catch(setFailure);
    }
  }
  async function discard() {
    if (!await step(() => api.discardDraft(number).then((answer) => answer ?? {}))) return;
    shared.refresh();
    toast(tr('The draft was thrown away.'));
    go('home');
  }
  const speakForm = (language) => step(() => api.speakDraft(number, language));
  const rendering = {
    valueOf: (question) => saver.valueOf(question), flush: () => saver.flush(),
    set: (ref, value, soon) => {
      shown.current.answered = ref;
      if (!soon) touched.current.add(ref);
      saver.set(ref, value, soon);
    },
    refused: new Map([...saver.refused].map(([ref, one]) => [ref, one.words])),
    attach: async (ref, blob) => {
      touched.current.add(ref);
      await saver.step(() => api.attach(number, ref, blob));
    },
    address: api.attachmentAddress, medium: (name) => api.mediumAddress(form.form_id, name),
    touched: touched.current, showAll, add, remove, open,
  };
  const formPage = () => html`<${FormPage} page=${page} pages=${pages} form=${rendering}
    onEnd=${() => {
      focusOn.current = FIRST;
      pass();
    }} />`;
  const isOverview = wanted === OVERVIEW;
  const top = pages.filter((one) => !one.up);
  const place = page.up ? `${at + 1}/${siblings.length}`
    : `${top.findIndex((one) => one.id === page.id) + 1}/${top.length}`;

  return html`<${Frame} key=${isOverview ? OVERVIEW : page.id} shared=${shared} onBack=${back}
    title=${isOverview ? tr('Overview') : html`<span>${page.title || form.title ||
      tr('Form')}</span>
      ${siblings.length > 1 && html`<span class="quiet place">${place}</span>`}`}
    right=${html`<${Saved} saver=${saver} />`}
    foot=${html`
      ${isOverview ? html`<span></span>` : html`<${Button} icon="list"
          onClick=${() => open(OVERVIEW)}>${
        missing.length > 0 ? tr('{n} missing', { n: missing.length }) :
          tr('Overview')}</${Button}>`}
      ${isOverview
        ? html`<${Button} kind="primary" icon="check" busy=${busy} onClick=${finish}>${
            tr('Finish')}</${Button}>`
        : html`<${Button} kind="primary" after=${isUp ? 'check' : 'next'} onClick=${pass}>${
            isUp ? tr('Done with this') : next === OVERVIEW ? tr('Look over and finish')
              : tr('Next page')}</${Button}>`}`}>
    <${Failure} trouble=${failure} />
    ${isOverview
      ? html`<${Overview} pages=${pages} missing=${missing} doubts=${doubts} form=${form} onDiscard=${discard}
          onOpen=${(id, ref) => { setShowAll(true); focusOn.current = ref ?? null; open(id); }} />
          <${Languages} form=${form} onSpeak=${speakForm} />`
      : isPrivate(page, pages) ? html`<${Private} key=${page.id} show=${formPage} />`
      : formPage()}
    ${saver.refused.size > 0 && html`<${Notice} kind="error">${
      tr('Answers in red could not be saved. Mend them before you go on.')}</${Notice}>`}
    ${asked && html`<${Dialog} title=${tr('Remove this with all that is in it?')}
      onClose=${() => setAsked(null)}><div class="row">
      <${Button} onClick=${() => setAsked(null)}>${tr('Keep it')}</${Button}>
      <${Button} kind="danger" icon="trash" onClick=${() => removeNow(asked)}>${
        tr('Remove')}</${Button}></div></${Dialog}>`}
  </${Frame}>`;
}
