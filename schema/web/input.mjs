// input.mjs: questions that are answered by typing. Each kind of answer has its native keys: the
// number pad, the calendar, the clock. Letters are told while they are typed, all else at once.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { day } from 'kit/format.mjs';
import { languageNow, tr } from 'kit/words.mjs';
import { Place, Trace } from './place.mjs';

export const has = (question, word) =>
  ` ${question.appearance ?? ''} `.toLowerCase().includes(` ${word} `);

// 1234567.5 as 1 234 567.5, for the eye only.
function grouped(value) {
  const [, sign, whole, rest] = /^(-?)(\d+)(\.\d*)?$/.exec(value.trim()) ?? [];

  return whole === undefined ? '' : sign + whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') + (rest ?? '');
}

// Calendars that forms may ask for beside our own, as the browser knows them.
const CALENDARS = { ethiopian: 'ethiopic', coptic: 'coptic', islamic: 'islamic-umalqura',
  persian: 'persian', chinese: 'chinese' };

function otherCalendar(question, value) {
  const word = Object.keys(CALENDARS).find((one) => has(question, one));
  const date = new Date(`${value.slice(0, 10)}T00:00:00Z`);

  if (!word || Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(`${languageNow()}-u-ca-${CALENDARS[word]}`,
    { dateStyle: 'long', timeZone: 'UTC' }).format(date);
}

// Words for a reader of the screen, and who says what is wrong.
export function aria(context) {
  return {
    id: context.id,
    'aria-describedby': context.described || undefined,
    'aria-invalid': context.isWrong ? 'true' : undefined,
    'aria-required': context.question.required ? 'true' : undefined,
  };
}

function Text({ context }) {
  const { question, value, set } = context;
  const isLong = has(question, 'multiline');
  const isNumber = question.type === 'int' || question.type === 'decimal';
  const mode = isNumber ? (question.type === 'int' ? 'numeric' : 'decimal')
    : has(question, 'numbers') ? 'numeric' : has(question, 'url') ? 'url' : undefined;
  const kind = has(question, 'masked') ? 'password' : 'text';
  const props = {
    ...aria(context), value, autocomplete: 'off', autocapitalize: 'off', spellcheck: false,
    // Pinyin on its way to characters is kept on the page, and goes on when it has become them. (In
    // small letters: the view library knows no other name of this event.)
    onInput: (event) => set(event.currentTarget.value, event.isComposing ? 'composing' : true),
    oncompositionend: (event) => set(event.currentTarget.value, true),
    onBlur: () => context.flush(),
  };

  if (isLong) return html`<textarea class="input" rows="3" ...${props}></textarea>`;
  const input = html`<input class="input ${isNumber ? 'number' : ''}" type=${kind}
    inputmode=${mode} ...${props} />`;
  if (question.type === 'int' && has(question, 'counter'))
    return html`<div class="row"><${Step} context=${context} by=${-1} />${input}<${Step}
      context=${context} by=${1} /></div>`;
  return isNumber && has(question, 'thousands-sep') ? html`<div class="row">${input}
    <output class="quiet" for=${context.id}>${grouped(value)}</output></div>` : input;
}

// One more or one less: hens are counted with a thumb.
function Step({ context, by }) {
  return html`<button type="button" class="button" aria-label=${by > 0 ? tr('One more')
      : tr('One less')} onClick=${() => context.set(String((Number(context.value) || 0) + by))}>
    <${Icon} name=${by > 0 ? 'plus' : 'minus'} /></button>`;
}

// A full date, a month or a year: the engine keeps a date, whose rest is the first day.
function DateInput({ context }) {
  const { question, value, set } = context;

  if (has(question, 'year'))
    return html`<input class="input number" inputmode="numeric" maxlength="4" autocomplete="off"
      ...${aria(context)} value=${value.slice(0, 4)} onInput=${(event) => {
        const year = event.currentTarget.value;
        if (year === '' || /^\d{4}$/.test(year)) set(year && `${year}-01-01`);
      }} />`;
  if (has(question, 'month-year'))
    return html`<input class="input number" type="month" autocomplete="off" ...${aria(context)}
      value=${value.slice(0, 7)} onInput=${(event) => set(event.currentTarget.value &&
        `${event.currentTarget.value}-01`)} />`;
  const other = otherCalendar(question, value);
  const input = html`<input class="input number" type="date" min="1900-01-01" max="2199-12-31"
    autocomplete="off" ...${aria(context)} value=${value.slice(0, 10)}
    onInput=${(event) => set(event.currentTarget.value)} onBlur=${() => context.flush()} />`;

  // The browser shows a date as its own language has it; beside it stands how ours reads it.
  const said = other || (value.length >= 10 ? day(value.slice(0, 10)) : '');

  return html`<div class="row">${input}<output class="quiet" for=${context.id}>${
    said}</output></div>`;
}

function zone() {
  const minutes = -new Date().getTimezoneOffset();
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, '0');

  return `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function TimeInput({ context }) {
  return html`<input class="input number" type="time" autocomplete="off" ...${aria(context)}
    value=${context.value.slice(0, 5)} onBlur=${() => context.flush()}
    onInput=${(event) => context.set(event.currentTarget.value &&
      `${event.currentTarget.value}:00.000${zone()}`)} />`;
}

function MomentInput({ context }) {
  const { value } = context;
  const said = value.length >= 16 ? `${day(value.slice(0, 10))} ${value.slice(11, 16)}` : '';

  return html`<div class="row"><input class="input number" type="datetime-local" autocomplete="off"
    ...${aria(context)} value=${value.slice(0, 16)} onBlur=${() => context.flush()}
    onInput=${(event) => context.set(event.currentTarget.value &&
      `${event.currentTarget.value}:00.000${zone()}`)} /><output class="quiet" for=${context.id}>${
    said}</output></div>`;
}

function Boolean_({ context }) {
  return html`<div class="choices row">${[['true', tr('Yes')], ['false', tr('No')]].map(
    ([value, label]) => html`<label class="choice" key=${value}>
      <input type="radio" name=${context.id} checked=${context.value === value}
        aria-describedby=${context.described || undefined}
        onChange=${() => context.set(value)} /><span>${label}</span></label>`)}</div>`;
}

export function Input({ context }) {
  switch (context.question.type) {
    case 'date': return html`<${DateInput} context=${context} />`;
    case 'time': return html`<${TimeInput} context=${context} />`;
    case 'dateTime': return html`<${MomentInput} context=${context} />`;
    case 'boolean': return html`<${Boolean_} context=${context} />`;
    case 'geopoint': return html`<${Place} context=${context} />`;
    case 'geotrace':
    case 'geoshape': return html`<${Trace} context=${context} />`;
    default: return html`<${Text} context=${context} />`;
  }
}

// A slider with its number beside it. Nothing is chosen before it is touched.
export function Range({ context }) {
  const { question, value, set } = context;
  const { start = '0', end = '10', step = '1' } = question.parameters ?? {};
  const low = Math.min(Number(start), Number(end));
  const high = Math.max(Number(start), Number(end));
  const [shown, setShown] = useState(value);
  const sent = useRef(value);

  useEffect(() => {
    if (value !== sent.current) setShown(value);
    sent.current = value;
  }, [value]);
  if (has(question, 'rating') || has(question, 'picker')) {
    const steps = [];
    for (let at = low; at <= high && steps.length < 100; at += Number(step) || 1) steps.push(at);
    return html`<div class="choices row compact">${steps.map((at) => html`
      <label class="choice" key=${at}><input type="radio" name=${context.id}
        checked=${value !== '' && Number(value) === at}
        aria-describedby=${context.described || undefined}
        onChange=${() => set(String(at))} /><span>${at}</span></label>`)}</div>`;
  }
  const change = (event) => {
    setShown(event.currentTarget.value);
    sent.current = event.currentTarget.value;
    set(event.currentTarget.value, true);
  };
  return html`<div class="range ${shown === '' ? 'untouched' : ''}">
    <span class="quiet" aria-hidden="true">${start}</span>
    <input type="range" ...${aria(context)} min=${low} max=${high} step=${step}
      value=${shown === '' ? (low + high) / 2 : shown}
      aria-valuetext=${shown === '' ? tr('not answered') : shown} onInput=${change}
      onClick=${(event) => shown === '' && change(event)} onBlur=${() => context.flush()} />
    <span class="quiet" aria-hidden="true">${end}</span>
    <output class="range-value">${shown === '' ? '—' : shown}</output></div>`;
}
