// decide.mjs: the open questions of one record. All sides look alike: the same size, the same
// weight; what differs is marked; below each stands what keeping it changes in the benefit. One
// reason, one button, and it says what will happen.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Failure, Icon, Notice, toast } from 'kit/components.mjs';
import { day, moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import { Question } from 'form/question.mjs';
import * as api from './case_api.mjs';
import { conflictName, deviceName, label, lineWords, policyWords, valueWords }
  from './case_words.mjs';
import { Frame } from './frame.mjs';
import { verdictWords, yuan } from './income.mjs';
import { forgetLists } from './list.mjs';
import { Compare, Picture, isShown } from './picture.mjs';
import { href } from './route.mjs';
import { Area, Why } from './say.mjs';

// ---- what follows ----

function effectWords(income) {
  if (!income) return '';
  const benefit = income.decided && income.benefit !== undefined
    ? ` · ${tr('benefit a month')} ${yuan(income.benefit)}` : '';
  const why = !income.decided && (income.why ?? income.unclear?.map((one) => one.why)[0]);

  return `${verdictWords(income)}${benefit}${why ? ` (${why})` : ''}`;
}

function Effect({ id, answer, has }) {
  const [effect, setEffect] = useState(null);
  const [words, setWords] = useState('');
  const key = JSON.stringify(answer);

  useEffect(() => {
    let gone = false;

    if (!has) return undefined;
    setEffect(null);
    setWords('');
    api.effect(id, answer).then((one) => gone || setEffect(one),
      (failure) => gone || setWords(failure.message));
    return () => { gone = true; };
  }, [id, key, has]);
  if (!has) return null;
  return html`<p class="effect small"><${Icon} name="next" /><span>${tr('By the income table')}: ${
    effect ? effectWords(effect.after) : words || tr('One moment…')}</span></p>`;
}

// ---- sides ----

const differs = (question, index) => new Set(question.sides.map((side) =>
  JSON.stringify(side.values[index]?.value ?? null))).size > 1;

function Side({ side, index, question, record, income, chosen, onChoose, canKeep, reason }) {
  const name = tr('Side {n}', { n: index + 1 });

  return html`<div role="group" class="column ${chosen ? 'chosen' : ''}" aria-label=${name}>
    <div class="column-values">${side.values.map((value, i) => html`<div key=${i}
      class=${differs(question, i) ? 'differs' : ''}>${side.values.length > 1 && html`<span
        class="small quiet block">${label(value)}</span>`}<span class="column-value">${value.attachment
      ? html`<${Picture} record=${record} attachment=${value.attachment} name=${label(value)}
          sensitive=${question.fields[i]?.sensitive} reason=${reason} />`
      : valueWords(value, question.fields[i]?.type)}</span></div>`)}</div>
    <dl class="facts small"><dt>${tr('Author')}</dt><dd>${side.author?.name || tr('the program')}</dd>
      <dt>${tr('When')}</dt><dd>${moment(side.made)}</dd>
      <dt>${tr('With')}</dt><dd>${deviceName(side.device)}</dd>
      <dt>${tr('Where')}</dt><dd>${side.area ? side.area.name || side.area.area : '—'}</dd>
      <dt>${tr('Line')}</dt><dd>${lineWords(side) || '—'}</dd>
      ${side.reason && html`<dt>${tr('Reason')}</dt><dd>${side.reason}</dd>`}</dl>
    <div class="evidence">${side.evidence.length === 0 ? html`<span class="quiet small">${
      tr('no photo')}</span>` : side.evidence.map((one, i) => html`<${Picture} key=${one.hash}
        record=${record} attachment=${one} name=${tr('Evidence {n}', { n: i + 1 })}
        sensitive=${one.sensitive} reason=${reason} />`)}</div>
    <${Effect} id=${record} has=${income && canKeep} answer=${{ path: question.path,
      keep: side.dot }} />
    ${canKeep && question.may && html`<${Button} kind=${chosen ? 'primary' : ''} icon="check"
      aria-pressed=${String(chosen)} onClick=${onChoose}>${tr('Keep this')}</${Button}>`}
  </div>`;
}

// ---- a third value ----

const KINDS = { select_one: 'select_one', select_multiple: 'select_many', acknowledge: 'acknowledge' };
const TYPES = { integer: 'int', decimal: 'decimal', date: 'date', time: 'time',
  datetime: 'dateTime', geopoint: 'geopoint', barcode: 'barcode' };

// As the renderer of forms has it.
function questionOf(field) {
  return { ref: field.path, kind: KINDS[field.type] ?? 'input', type: TYPES[field.type] ?? 'string',
    label: field.label, hint: field.hint, appearance: field.appearance, options: field.options,
    sensitive: field.sensitive };
}

function Third({ question, values, setValues }) {
  const fields = question.fields.length > 0 ? question.fields
    : [{ path: question.path, label: question.kind === 'area' ? tr('Area') : question.path,
      type: 'text' }];
  const form = { set: (ref, value) => setValues({ ...values, [ref]: value }), flush: () => {},
    goOn: () => {} };

  return html`<div class="stack third">${fields.map((field) => html`<${Question} key=${field.path}
    question=${questionOf(field)} form=${form} shown=${{ value: values[field.path] ?? '',
    refused: '', isTouched: false }} />`)}</div>`;
}

// ---- one question ----

function words(question, choice) {
  const side = question.sides.find((one) => one.dot === choice.keep);
  const value = side?.values.map((one, i) => valueWords(one, question.fields[i]?.type)).join('，');

  if (choice.both) return tr('Keep “{value}” here and the others as items of their own', { value });
  if (choice.keep) return side.values[0]?.removed ? tr('The removal stands')
    : question.kind === 'removed' ? tr('Keep it') : tr('Keep “{value}”', { value });
  if (choice.value !== undefined) return tr('Enter a third value');
  if (choice.remove) return tr('Remove it');
  if (choice.accept) return tr('Leave it so');
  return choice.same ? tr('The same') : tr('Not the same');
}

// The instance in the path names the other item of a proposal.
function Items({ question, name: title }) {
  const names = new Map();

  for (const item of question.items)
    for (const value of item.values) names.set(value.name, label(value));
  const at = (item, name) => item.values.find((one) => one.name === name);

  return html`<div class="scroll" tabindex="0" role="region" aria-label=${
    `${title}: ${tr('Both items')}`}>
    <table class="table grid"><thead><tr><th scope="col">${tr('Answer')}</th>${question.items.map(
      (item, i) => html`<th key=${item.id} scope="col">${tr('Item {n}', { n: i + 1 })}</th>`)}</tr>
    </thead><tbody>${[...names].map(([name, words_]) => {
      const values = question.items.map((item) => at(item, name));
      const isOther = values[0]?.value !== values[1]?.value;

      return html`<tr key=${name} class=${isOther ? 'differs' : ''}><th scope="row">${words_}</th>${
        values.map((value, i) => html`<td key=${i}>${value ? valueWords(value) : '—'}</td>`)}</tr>`;
    })}</tbody></table></div>`;
}

// Questions of one name are told apart by their number: two members of a family, both removed.
function questionName(question, items) {
  const alike = items.filter((one) => label(one) === label(question));

  return alike.length > 1 ? `${label(question)} ${alike.indexOf(question) + 1}` : label(question);
}

function OpenQuestion({ question, document, reason, me, onMoved, onDone }) {
  const [compares, setCompares] = useState(false);
  const [choice, setChoice] = useState(null);
  const [values, setValues] = useState({});
  const [why, setWhy] = useState('');
  const [error, setError] = useState('');
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const can = (one) => question.answers.includes(one);
  const isSide = !['same', 'soft'].includes(question.kind);
  const sideName = (index) => tr('Side {n}', { n: index + 1 });
  const shown = question.sides.map((side, index) => ({ name: `${sideName(index)} · ${
    side.author?.name || tr('the program')}`, evidence: side.evidence.filter(isShown) }))
    .filter((side) => side.evidence.length > 0);
  const third = () => {
    const given = question.fields.length > 1
      ? Object.fromEntries(question.fields.map((field) => [field.name, values[field.path] ?? '']))
      : Object.values(values)[0] ?? '';

    return { value: given };
  };
  const answer = choice && { path: question.path,
    ...(choice.value !== undefined ? third() : choice) };
  const tablets = new Set(question.sides.map((side) => side.device)
    .filter((one) => one && one !== 'county')).size;

  async function decide(event) {
    event.preventDefault();
    if (busy) return;
    if (!choice || why.trim() === '') {
      setError(choice ? tr('Say why; it stays with the record.') : tr('Choose first.'));
      return;
    }
    setBusy(true);
    setTrouble(null);
    try {
      await api.resolve(document.id, { ...answer, position: document.position,
        reason: why.trim() });
      toast(tr('Decided. The tablets learn of it with the next sending.'));
      onDone();
    } catch (failure) {
      if (failure.code === 'moved') onMoved();
      else setTrouble(failure);
    }
    setBusy(false);
  }
  const option = (one, icon) => html`<${Button} icon=${icon} kind=${choice && JSON.stringify(choice)
    === JSON.stringify(one) ? 'primary' : ''} onClick=${() => { setChoice(one); setError(''); }}>${
    words(question, one)}</${Button}>`;

  return html`<section class="question-card card stack" aria-label=${
    questionName(question, document.items)}>
    <div class="row spread"><h2>${questionName(question, document.items)}</h2><span class="row"><span
      class="tag ${question.kind === 'soft' ? 'warning' : 'conflict'}"><${Icon}
      name=${question.kind === 'soft' ? 'warning' : 'conflict'} />${conflictName(question.kind)
    }</span>${question.due && html`<span class="quiet">${tr('due {day}', {
      day: day(question.due) })}</span>`}</span></div>
    ${question.rule && html`<${Notice} kind="warning"><p>${question.rule}</p></${Notice}>`}
    ${question.fields.length > 0 && isSide && html`<p class="quiet">${question.fields.length > 1 &&
      `${tr('These answers are decided together.')} `}${policyWords(question.fields[0].policy)
    }</p>`}
    ${question.items && html`<${Items} question=${question}
      name=${questionName(question, document.items)} />`}
    ${question.other && html`<p>${tr('The other record')}: <a href=${href('records',
      [question.other.id])}>${question.other.title || question.other.id}</a> · ${
      question.other.areas.map((one) => one.name || one.area).join('、')}</p>`}
    ${question.sides.length > 0 && !question.items && html`<div class="columns-equal">${
      question.sides.map((side, index) => html`<${Side} key=${side.dot} side=${side} index=${index}
        question=${question} record=${document.id} income=${document.income &&
          me.may.includes('resolve')} reason=${reason} canKeep=${isSide && can('keep')}
        chosen=${choice?.keep === side.dot} onChoose=${() => { setChoice({ keep: side.dot,
          ...(choice?.both && { both: true }) }); setError(''); }} />`)}</div>`}
    ${shown.length > 1 && html`<div><${Button} icon="camera" onClick=${() => setCompares(true)}>${
      tr('Compare the photos')}</${Button}></div>`}
    ${compares && html`<${Compare} record=${document.id} sides=${shown} reason=${reason}
      onClose=${() => setCompares(false)} />`}
    ${!question.may && html`<${Notice} kind="warning"><p>${question.why === 'mine'
      ? tr('You wrote one of the sides. Somebody else has to decide.')
      : tr('Your role looks and does not decide.')}</p></${Notice}>`}
    ${question.may && html`<form class="stack" autocomplete="off" onSubmit=${decide}>
      <div class="row">${can('value') && option({ value: '' }, 'edit')}
        ${can('remove') && option({ remove: true }, 'trash')}
        ${can('accept') && option({ accept: true }, 'check')}
        ${can('same') && option({ same: true, ...(question.other && { with: question.other.id }) })}
        ${can('different') && option({ different: true, ...(question.other &&
          { with: question.other.id }) })}</div>
      ${choice?.keep && can('both') && html`<label class="check"><input type="checkbox"
        checked=${Boolean(choice.both)} onChange=${(event) => setChoice({ keep: choice.keep,
          ...(event.currentTarget.checked && { both: true }) })} />${
        tr('Both are true: make items of their own of the other sides')}</label>`}
      ${choice?.value !== undefined && html`<${Third} question=${question} values=${values}
        setValues=${setValues} />${Object.keys(values).length > 0 && html`<${Effect}
        id=${document.id} has=${document.income} answer=${answer} />`}`}
      ${choice && html`<${Area} label=${tr('Reason of the decision')} value=${why} required
        onInput=${(text) => { setWhy(text); setError(''); }} />`}
      ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
      <${Failure} trouble=${trouble} />
      ${choice && html`<div class="row spread"><span></span><${Button} kind="primary" type="submit"
        busy=${busy} icon="check">${tablets > 0 ? tr('{what}, write the reason, tell {n} tablets',
          { what: words(question, choice), n: tablets }) : words(question, choice)}</${Button}></div>`}
    </form>`}</section>`;
}

export function Decide({ id, shared }) {
  const { found: document, reason, trouble, again, look } =
    useFound((why) => api.questions(id, why), [id]);
  const [moved, setMoved] = useState(false);
  const [asking, setAsking] = useState(false);

  return html`<${Frame} wide title=${document ? document.title || tr('Without a name')
      : tr('Conflict')} back=${href('conflicts')} actions=${document && html`
      ${document.masked && shared.me.may.includes('reveal') && html`<${Button} icon="lock"
        onClick=${() => setAsking(true)}>${tr('Look behind the mask')}</${Button}>`}
      <a class="button" href=${href('records', [id])}>${tr('The whole record')}</a>`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${moved && html`<${Notice} kind="warning" role="alert"><p>${
      tr('Somebody else has decided or changed something meanwhile. This is how it stands now.')
      }</p></${Notice}>`}
    ${document && document.items.length === 0 && html`<p class="empty quiet">${
      tr('Nothing to decide.')}</p>`}
    ${document?.items.map((question) => html`<${OpenQuestion} key=${`${question.kind}${
      question.path}${document.position}`} question=${question} document=${document}
      reason=${reason} me=${shared.me} onMoved=${() => { setMoved(true); again(); }}
      onDone=${() => { setMoved(false); forgetLists(); again(); }} />`)}
    ${asking && html`<${Why} title=${tr('Look behind the mask')} action=${tr('See it')}
      hint=${tr('Your name and this reason are logged.')} onDone=${async (why) => {
        await look(why);
        setAsking(false);
      }} onClose=${() => setAsking(false)} />`}
  </${Frame}>`;
}
