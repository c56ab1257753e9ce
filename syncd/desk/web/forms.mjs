// forms.mjs: the forms of the county: which there are, their versions and what is different between
// them, which tablets have which, and bringing the next one (publish.mjs).
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Failure, Icon, Notice } from 'kit/components.mjs';
import { count, moment } from 'kit/format.mjs';
import { get } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { query } from './api.mjs';
import { Differences } from './differences.mjs';
import { Frame } from './frame.mjs';
import { List, useList } from './list.mjs';
import { Preview } from './preview.mjs';
import { Publish } from './publish.mjs';
import { go, href, refilter } from './route.mjs';
import { policyName } from './words.mjs';

const id = encodeURIComponent;

// Something that is fetched once, and again when what it depends on changes.
function useFetched(path) {
  const [state, setState] = useState({});
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    let isOver = false;

    if (!path) return undefined;
    get(path).then((value) => isOver || setState({ value, path }))
      .catch((trouble) => isOver || setState({ trouble, path }));
    return () => { isOver = true; };
  }, [path, turn]);
  return { ...(state.path === path ? state : {}), again: () => setTurn(turn + 1) };
}

const titleOf = (form) => (form.title ? `${form.title} (${form.name})` : form.name);

function FormList({ shared }) {
  const list = useList('forms', (after) => get(query('api/forms', { after })));
  const manages = shared.me.may.includes('manage');

  return html`<${Frame} title=${tr('Forms')} actions=${manages && html`<${Button} kind="primary"
      icon="plus" onClick=${() => go('forms', ['new'])}>${tr('Bring a form')}</${Button}>`}>
    <${List} list=${list} label=${tr('Forms')} columns=${[
      { id: 'title', label: tr('Form'), cell: titleOf, href: (form) => href('forms', [form.form]) },
      { id: 'version', label: tr('Version'), cell: (form) => form.version },
      { id: 'number', label: tr('Number'), kind: 'number', cell: (form) => form.sequence },
      { id: 'fields', label: tr('Questions'), kind: 'number', optional: true,
        cell: (form) => count(form.fields) },
      { id: 'audience', label: tr('For'), cell: (form) => audience(form.audience) },
      { id: 'published', label: tr('Published'), cell: (form) => moment(form.published) },
    ]} /></${Frame}>`;
}

function audience(word) {
  return { field: tr('tablets'), office: tr('offices only'), restricted: tr('few people only') }[word]
    ?? word;
}

// What the county can know of one tablet: what it said at the beginning of an exchange.
function stateOf(tablet, newest) {
  if (newest.audience !== 'field') return [tr('not for tablets'), 'tablet', 'minus'];
  if (tablet.has >= newest.sequence) return [tr('has it'), 'safe', 'check'];
  if (!tablet.seen) return [tr('has never synced'), 'warning', 'clock'];
  if (tablet.seen >= newest.published)
    return [tr('was given it; its next sync confirms'), 'server', 'server'];
  return [tr('has not synced since'), 'warning', 'clock'];
}

function Tablets({ form }) {
  const [newest] = form.versions;
  const have = form.tablets.filter((tablet) => tablet.has >= newest.sequence).length;

  return html`<section class="card stack"><h2>${tr('Which tablets have it')}</h2>
    <p>${tr('Number {n}: on {have} of {all} tablets. A tablet says what it has when it syncs.',
      { n: newest.sequence, have, all: form.tablets.length })}</p>
    ${form.tablets.length > 0 && html`<table class="table"><thead><tr>
      <th scope="col">${tr('Which tablet')}</th><th scope="col">${tr('Person')}</th>
      <th scope="col" class="number">${tr('Has number')}</th><th scope="col">${tr('State')}</th>
      <th scope="col">${tr('Last seen')}</th></tr></thead><tbody>${form.tablets.map((tablet) => {
        const [words, tag, icon] = stateOf(tablet, newest);

        return html`<tr key=${tablet.device}><th scope="row"><a href=${href('devices',
            [tablet.device])}>${tablet.name}</a></th><td>${tablet.person}</td>
          <td class="number">${tablet.has || '—'}</td>
          <td><span class="tag ${tag}"><${Icon} name=${icon} />${words}</span></td>
          <td>${tablet.seen ? moment(tablet.seen) : tr('never')}</td></tr>`;
      })}</tbody></table>`}</section>`;
}

function Versions({ form, filters }) {
  const { versions } = form;
  const before = filters.before ?? versions[1]?.form, after = filters.after ?? versions[0].form;
  const asked = useFetched(versions.length > 1 && before !== after
    ? `api/forms/${id(before)}/difference/${id(after)}` : '');
  const choose = (name, label, value) => html`<label class="field"><span class="label">${
      label}</span><select class="input" value=${value} onChange=${(event) =>
      refilter({ before, after, [name]: event.currentTarget.value })}>${versions.map((one) => html`
      <option key=${one.form} value=${one.form}>${
        tr('Number {n}', { n: one.sequence })} · ${one.version}</option>`)}</select></label>`;

  return html`<section class="card stack"><h2>${tr('Versions')}</h2>
    <table class="table"><thead><tr><th scope="col" class="number">${tr('Number')}</th>
      <th scope="col">${tr('Version')}</th><th scope="col">${tr('Published')}</th>
      <th scope="col">${tr('By whom')}</th><th scope="col">${tr('Reason')}</th></tr></thead>
      <tbody>${versions.map((one) => html`<tr key=${one.form}><td class="number">${
        one.sequence}</td><th scope="row">${one.version}</th><td>${moment(one.published)}</td>
        <td>${one.by ?? '—'}</td><td>${one.reason ?? '—'}</td></tr>`)}</tbody></table>
    ${versions.length > 1 && html`<h2>${tr('What is different')}</h2>
      <div class="filters">${choose('before', tr('From version'), before)}${
        choose('after', tr('To version'), after)}</div>
      <${Failure} trouble=${asked.trouble} onAgain=${asked.again} />
      ${before === after ? html`<p class="quiet">${tr('This is one and the same version.')}</p>`
        : asked.value && html`<${Differences} list=${asked.value.difference}
            more=${asked.value.more} />`}`}</section>`;
}

function Fields({ form }) {
  const language = Math.max(0, form.languages.findIndex((one) => /zh|中文/.test(one)));

  return html`<section class="card stack"><h2>${tr('Questions')}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label=${tr('Questions')}>
    <table class="table"><thead><tr><th scope="col">${tr('Name of the question')}</th>
      <th scope="col">${tr('Wording')}</th><th scope="col">${tr('Kind of answer')}</th>
      <th scope="col">${tr('When people differ')}</th><th scope="col">${tr('Marks')}</th></tr></thead>
      <tbody>${form.fields.map((field) => html`<tr key=${field.path}><th scope="row" lang="en">${
        field.path}</th><td>${field.labels[language] || field.labels.find(Boolean) || ''}</td>
        <td lang="en">${field.type}${field.list ? ` ${field.list}` : ''}</td>
        <td>${['group', 'repeat', 'note'].includes(field.type) ? ''
          : policyName(field.policy)}</td>
        <td>${[field.required && tr('required'), field.sensitive && tr('confidential'),
          field.seal && tr('sealed: {name}', { name: field.seal })].filter(Boolean).join('、')}</td>
        </tr>`)}</tbody></table></div></section>`;
}

function FormPage({ form: wanted, filters, shared }) {
  const { value: form, trouble, again } = useFetched(`api/forms/${id(wanted)}`);

  return html`<${Frame} title=${form ? titleOf(form) : tr('Form')} back=${href('forms')}
    actions=${form && html`<${Button} icon="edit" onClick=${() => go('forms',
      ['try', form.versions[0].form])}>${tr('Try it out')}</${Button}>
      ${shared.me.may.includes('manage') && html`<${Button} kind="primary" icon="plus"
        onClick=${() => go('forms', ['new'])}>${tr('Bring the next version')}</${Button}>`}`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${form && html`${form.tablets && html`<${Tablets} form=${form} />`}
      <${Versions} form=${form} filters=${filters} />
      ${form.files.length > 0 && html`<section class="card stack"><h2>${tr('Tables with it')}</h2>
        <ul class="plain">${form.files.map((name) => html`<li key=${name}>${name}</li>`)}</ul>
        </section>`}
      <${Fields} form=${form} />`}</${Frame}>`;
}

function Trying({ form }) {
  const back = form === 'uploaded' ? href('forms', ['new']) : href('forms', [form]);

  return html`<${Frame} title=${tr('Try a form out')} back=${back}>
    <${Notice} icon="edit">${tr(
      'As a tablet asks it. Nothing of what you answer here is kept anywhere.')}</${Notice}>
    <${Preview} form=${form} /></${Frame}>`;
}

export function Forms({ words, filters, shared }) {
  if (words[0] === 'new') return html`<${Publish} shared=${shared} />`;
  if (words[0] === 'try' && words[1]) return html`<${Trying} form=${words[1]} />`;
  return words[0] ? html`<${FormPage} form=${words[0]} filters=${filters} shared=${shared} />`
    : html`<${FormList} shared=${shared} />`;
}
