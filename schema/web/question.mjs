// question.mjs: one question with all that belongs to it: label, hint, what is wrong (red) and what
// to look at again (yellow) beside the field, what stood there before in grey.
import { html } from 'kit/html.mjs';
import { Icon, Notice } from 'kit/components.mjs';
import { day } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { Inline, Markdown } from './markdown.mjs';
import { hasMedia, Media } from './media.mjs';
import { Input, Range, aria } from './input.mjs';
import { SelectOne, SelectMany, Rank } from './choice.mjs';
import { placeWords } from './place.mjs';
import { spoken } from './pages.mjs';
import { Upload } from './upload.mjs';

// Kinds that are one control with a label of their own; all others are a group of controls.
const SINGLE = new Set(['string', 'int', 'decimal', 'date', 'time', 'dateTime', 'barcode']);

function isSingle(question) {
  if (question.kind === 'range') return !/\b(rating|picker)\b/.test(question.appearance ?? '');
  if (question.kind === 'input') return SINGLE.has(question.type ?? 'string');
  return (question.kind === 'select_one' || question.kind === 'select_many') &&
    ((question.options ?? []).length > 12 || /\b(minimal|autocomplete|search)\b/
      .test(question.appearance ?? ''));
}

function Acknowledge({ context }) {
  return html`<div class="choices"><label class="choice"><input type="checkbox" ...${aria(context)}
    checked=${context.value !== ''}
    onChange=${(event) => context.set(event.currentTarget.checked ? 'OK' : '')} />
    <span>${tr('I have read this')}</span></label></div>`;
}

function said(question) {
  if (question.type === 'geopoint' && question.value) return placeWords(question.value);
  return spoken(question);
}

function Control({ context }) {
  const { question } = context;

  if (question.kind === 'upload')
    return html`<${Upload} context=${context} />`;
  if (question.read_only)
    return html`<output class="given" id=${context.id}>${said(question) || '—'}</output>`;
  switch (question.kind) {
    case 'select_one': return html`<${SelectOne} context=${context} />`;
    case 'select_many': return html`<${SelectMany} context=${context} />`;
    case 'rank': return html`<${Rank} context=${context} />`;
    case 'range': return html`<${Range} context=${context} />`;
    case 'acknowledge': return html`<${Acknowledge} context=${context} />`;
    default: return html`<${Input} context=${context} />`;
  }
}

const STALE_DAYS = 180; // an answer that nobody has looked at for longer says since when it stands

const wordsOf = (last, value) => (last.visit ? tr('Last visit: {value}', { value })
  : tr('Before: {value}', { value }));

// What stood in the record before this draft, in grey: never copied but by a tap.
function Last({ id, question, value, set }) {
  const { last } = question;
  const isOther = last.value !== value;
  const age = last.at ? (Date.now() - new Date(last.at).getTime()) / 86400000 : 0;
  const since = [last.at && day(last.at), last.author].filter(Boolean).join(' ');
  const isLastYear = last.at && Number(last.at.slice(0, 4)) === new Date().getFullYear() - 1;

  if (question.kind === 'upload' || (!isOther && age < STALE_DAYS)) return null;
  return html`<div class="last small row" id=${id}><span>${isOther
      ? wordsOf(last, spoken({ ...question, value: last.value }))
      : tr('Unchanged since then')}${since && ` (${since})`}</span>
    ${isOther && !question.read_only && html`<button type="button" class="button" onClick=${() => set(last.value)}>${
        isLastYear ? tr('As last year') : tr('As before')}</button>`}</div>`;
}

export const domId = (ref) => `q${ref.replace(/[^A-Za-z0-9]/g, '_')}`;

// form: what it can be asked to do, see form.mjs; shown: {value, refused, isTouched}
export function Question({ question, form, shown }) {
  const id = domId(question.ref);
  const { refused, isTouched, value } = shown;
  const error = refused || ((isTouched || question.value) && question.error);

  if (question.kind === 'note')
    return html`<div class="question note" id=${id}><${Markdown} text=${question.label} />
      <${Media} of=${question} address=${form.medium} words=${question.label ?? ''} />
      ${question.hint && html`<div class="quiet small"><${Markdown} text=${question.hint} /></div>`}
      ${question.value && html`<output>${question.value}</output>`}</div>`;
  const described = [question.hint && `${id}h`, question.last && question.kind !== 'upload' && `${id}l`, error && `${id}e`,
    question.warning && `${id}w`, question.soft && `${id}s`].filter(Boolean).join(' ');
  const context = {
    question, value, described, isWrong: Boolean(error), id: `${id}i`,
    set: (next, soon) => form.set(question.ref, next, soon),
    flush: form.flush, goOn: form.goOn, address: form.address, medium: form.medium,
    attach: form.attach && ((blob) => form.attach(question.ref, blob)),
  };
  const single = isSingle(question) && !question.read_only;
  const label = html`<${Inline} text=${question.label} />${question.required &&
    html`<span class="must" aria-hidden="true"> *</span><span class="hidden">${
      tr('(required)')}</span>`}${question.sensitive &&
    html` <span class="tag"><${Icon} name="lock" />${tr('confidential')}</span>`}`;
  const rest = html`
    ${hasMedia(question) && html`<${Media} of=${question} address=${form.medium}
      words=${question.label ?? ''} />`}
    ${question.hint && html`<div class="quiet small" id="${id}h"><${Markdown}
      text=${question.hint} /></div>`}
    ${question.guidance && html`<details class="small"><summary>${tr('More about this')}</summary>
      <${Markdown} text=${question.guidance} /></details>`}
    <${Control} context=${context} />
    ${question.last && html`<${Last} id="${id}l" question=${question} value=${value}
      set=${context.set} />`}
    <div aria-live="polite">
      ${error && html`<${Notice} kind="error" id="${id}e"><p>${error}</p></${Notice}>`}
      ${question.warning && html`<${Notice} kind="warning" id="${id}w"><p>${question.warning}</p>
        </${Notice}>`}
      ${question.soft && html`<${Notice} kind="warning" id="${id}s"><p>${
        tr('What several people answered breaks a rule of the form together:')} ${
        question.soft}</p></${Notice}>`}
      ${question.conflict && html`<${Notice} kind="conflict"><p>${
        tr('People contradict each other here. Both answers stand on the page of the record.')}</p>
        </${Notice}>`}</div>`;

  return single
    ? html`<div class="question" id=${id} data-ref=${question.ref}>
        <label class="label" for="${id}i">${label}</label>${rest}</div>`
    : html`<div class="question" role="group" id=${id} data-ref=${question.ref}
        aria-labelledby="${id}t"><div class="label" id="${id}t">${label}</div>${rest}</div>`;
}
