// form.mjs: a page of a form: its questions, the groups inside it as sections, repeats as cards.
//
// Whoever shows it gives `form`:
//   valueOf(question)        what the field shows: typed letters, or what is saved
//   set(ref, value, soon)    an answer; soon: letters, which may wait for a moment, or 'composing':
//                            not letters yet
//   flush()                  letters wait no longer
//   goOn()                   to the next question
//   refused, touched         Map of ref to words; Set of refs whose errors are shown
//   showAll                  every error is shown
//   add(repeat), remove(instance), open(page id)
//   attach(ref, blob)        a photo, sound or file; done when it is on disk
//   address(hash)            where the bytes of an attachment are
//   medium(name)             where a picture, sound or film of the form is
import { html, useMemo, useRef } from 'kit/html.mjs';
import { Button, Icon, Notice } from 'kit/components.mjs';
import { day } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { Inline } from './markdown.mjs';
import { Media } from './media.mjs';
import { Question } from './question.mjs';
import { Table, isTable } from './table.mjs';
import { isMissing, spoken, summaryOf, titleOf, walk } from './pages.mjs';

function missingIn(node) {
  let count = 0;

  walk(node, ({ question }) => {
    if (isMissing(question)) count++;
  });
  return count;
}

const say = (question) => (question.type === 'date' ? day(question.value) : spoken(question));

function Card({ node, form, pages, label }) {
  const { question } = node;
  const page = pages.find((one) => one.instance === question.ref);
  const missing = missingIn(node);
  const name = `${titleOf(node) || label} ${question.position}`;

  return html`<li class="repeat-card"><button type="button" class="item"
    disabled=${!page} onClick=${() => form.open(page.id)}>
    <span class="grow"><strong><${Inline} text=${name} /></strong>
      <span class="quiet block">${summaryOf(node, say) || tr('nothing answered yet')}</span></span>
    ${missing > 0 && html`<span class="tag error"><${Icon} name="error" />${
      tr('{n} missing', { n: missing })}</span>`}<${Icon} name="next" /></button>
    ${question.can_remove && html`<button type="button" class="button danger"
      onClick=${() => form.remove(node)} aria-label=${tr('Remove {name}', { name })}>
      <${Icon} name="trash" /><span>${tr('Remove')}</span></button>`}</li>`;
}

function Repeat({ node, form, pages, isAlone }) {
  const { question } = node;
  const label = titleOf(node) || tr('Item');

  return html`<section class="repeat">
    ${!isAlone && html`<h2><${Inline} text=${label} /></h2>`}
    ${question.error && form.showAll && html`<${Notice} kind="error"><p>${question.error}</p>
      </${Notice}>`}
    ${node.children.length === 0 && html`<p class="quiet">${tr('None yet.')}</p>`}
    <ul class="list">${node.children.map((child) => html`<${Card} key=${child.id} node=${child}
      form=${form} pages=${pages} label=${label} />`)}</ul>
    ${question.can_add && html`<div><${Button} icon="plus"
          onClick=${() => form.add(question.ref)}>${
      tr('Add: {name}', { name: label })}</${Button}></div>`}</section>`;
}

// A question of which nothing is different keeps its drawing: an answer draws what it changes, not
// the page.
function drawn(question, form) {
  const { ref } = question;
  const before = form.drawings.get(ref);
  const shown = { value: form.valueOf(question), refused: form.refused.get(ref),
    isTouched: form.showAll || form.touched.has(ref) };

  if (before?.question === question && before.shown.value === shown.value &&
      before.shown.refused === shown.refused && before.shown.isTouched === shown.isTouched)
    return before.drawing;
  const drawing = html`<${Question} key=${ref} question=${question} form=${form.steady}
    shown=${shown} />`;

  form.drawings.set(ref, { question, shown, drawing });
  return drawing;
}

const isTableList = ({ appearance }) => /\btable-list\b/.test(appearance ?? '');

function Nodes({ nodes, form, pages, depth }) {
  return nodes.map((node) => {
    const { question } = node;

    if (question.kind === 'group')
      return html`<section class="section" key=${node.id}>
        ${question.label && html`<h2><${Inline} text=${question.label} /></h2>`}
        <${Media} of=${question} address=${form.medium} words=${question.label ?? ''} />
        ${isTableList(question) && isTable(node.children)
          ? html`<${Table} nodes=${node.children} form=${form} title=${question.label} />`
          : html`<${Nodes} nodes=${node.children} form=${form} pages=${pages}
              depth=${depth + 1} />`}
        </section>`;
    if (question.kind === 'repeat')
      return html`<${Repeat} key=${node.id} node=${node} form=${form} pages=${pages}
        isAlone=${depth === 0 && nodes.length === 1} />`;
    return drawn(question, form);
  });
}

// What Enter goes through: fields in reading order.
const FIELDS = 'input:not([type=radio]):not([type=checkbox]), select, textarea, ' +
  'input[type=radio]:checked, input[type=checkbox], .choices, .button.answer';

function nextField(from, root) {
  const questions = [...root.querySelectorAll('.question[data-ref]')];
  const at = questions.findIndex((question) => question.contains(from));

  for (const question of questions.slice(at + 1)) {
    const field = question.querySelector(`${FIELDS.split(', .')[0]}, input, button:not(:disabled)`);
    if (field) return field;
  }
  return null;
}

// The next question of the page gets the focus, or onEnd is called behind the last.
export function goOn(root, onEnd) {
  const field = nextField(document.activeElement, root);

  if (!field) onEnd();
  else {
    field.focus();
    field.select?.();
  }
}

export function FormPage({ page, pages, form, onEnd }) {
  const root = useRef();
  const drawings = useRef(new Map());
  const latest = useRef();

  latest.current = { ...form, goOn: () => goOn(root.current, onEnd) };
  // The same for as long as the page stands, and always doing what the newest one does.
  const steady = useMemo(() => {
    const later = (name) => form[name] && ((...words) => latest.current[name](...words));

    return { set: later('set'), flush: later('flush'), goOn: later('goOn') ?? (() =>
      latest.current.goOn()), attach: later('attach'), address: form.address,
      medium: form.medium };
  }, []);

  function key(event) {
    const { target } = event;
    const isPlain = target.matches('input, select') && !target.matches('[role=combobox]');

    if (event.key !== 'Enter' || event.isComposing) return;
    if (!isPlain && !(target.matches('textarea') && event.ctrlKey) &&
        !target.matches('[role=combobox]')) return;
    event.preventDefault();
    form.flush();
    goOn(root.current, onEnd);
  }
  if (isTableList(page) && isTable(page.nodes))
    return html`<div class="form-page" ref=${root} onKeyDown=${key}><${Table} nodes=${page.nodes}
      form=${latest.current} title=${page.title} /></div>`;
  return html`<div class="form-page" ref=${root} onKeyDown=${key}>
    <${Nodes} nodes=${page.nodes} form=${{ ...latest.current, steady,
      drawings: drawings.current }} pages=${pages} depth=${0} /></div>`;
}
