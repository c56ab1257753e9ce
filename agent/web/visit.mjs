// visit.mjs: a visit while it goes on: who is here, what is still to do, what is missing before one
// leaves the house. The questions themselves are the form's (fill.mjs).
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Icon, Notice, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import { missingOf, pagesOf, pageWith, treeOf } from 'form/pages.mjs';
import { plain } from 'form/markdown.mjs';
import * as api from './api.mjs';
import { go } from './route.mjs';
import { Frame } from './frame.mjs';
import { Secret } from './secret.mjs';

const valueOf = (form, ref) => form.questions.find((one) => one.ref === ref)?.value ?? '';

// The investigators as they stand in the draft: [{name, person, role, ref, warning}].
function peopleOf(form) {
  const people = [];

  for (let at = 1; ; at++) {
    const ref = `/data/investigator[${at}]`;

    if (!form.questions.some((one) => one.ref === ref)) return people;
    people.push({ ref, name: valueOf(form, `${ref}/name`), person: valueOf(form, `${ref}/person`),
      role: valueOf(form, `${ref}/role`), related: valueOf(form, `${ref}/is_relative`) === '1' });
  }
}

function Join({ me, people, onJoin, onClose }) {
  const others = me.persons.filter((one) => !people.some((there) => there.person === one.id ||
    there.name === one.name));
  const [person, setPerson] = useState(others.length === 1 ? others[0].id : '');
  const chosen = others.find((one) => one.id === person);

  return html`<${Dialog} title=${tr('The second investigator')} onClose=${onClose}>
    ${others.length === 0 && html`<p>${
      tr(
        'Nobody else works on this tablet yet. The second one has to be added to it first (yg-agent person add).')}</p>`}
    ${!chosen && html`<ul class="list">${others.map((one) => html`<li key=${one.id}>
      <button type="button" class="item" onClick=${() => setPerson(one.id)}>
      <${Icon} name="person" /><span class="grow">${one.name}</span><${Icon} name="next" />
      </button></li>`)}</ul>`}
    ${chosen ? html`<${Secret} name=${chosen.name} icon="person" label=${tr('I am here')}
      hint=${tr('Type it yourself. Whoever works here stays who he is.')}
      onBack=${onClose} run=${(secret) => onJoin(chosen.id, secret)} />`
      : html`<div><${Button} onClick=${onClose}>${tr('Back')}</${Button}></div>`}</${Dialog}>`;
}

function People({ form, me, onForm }) {
  const [asked, setAsked] = useState(false);
  const people = peopleOf(form);

  async function join(person, secret) {
    onForm(await api.joinVisit(form.draft, person, secret));
    setAsked(false);
    toast(tr('Both investigators are here.'));
  }
  return html`<section class="card stack" aria-labelledby="people">
    <h2 id="people"><${Icon} name="person" /> ${tr('Investigators')}</h2>
    <ul class="list">${people.map((one) => html`<li key=${one.ref} class="item">
      <${Icon} name="check" /><span class="grow"><strong>${one.name}</strong>
      <span class="quiet block small">${one.role === 'lead' ? tr('Lead') : tr('Second')}</span>
      </span>${one.related && html`<span class="tag warning"><${Icon} name="warning" />${
        tr('near relative')}</span>`}</li>`)}</ul>
    ${people.some((one) => one.related) && html`<${Notice} kind="warning">${
      tr('Relatives do not investigate. Somebody else has to come along.')}</${Notice}>`}
    ${people.length < 2 && html`<${Notice} kind="warning"><p>${
      tr('A visit is made by two. Let the second one sign in here.')}</p>
      <${Button} icon="person" onClick=${() => setAsked(true)}>${
        tr('Second investigator signs in')}</${Button}></${Notice}>`}
    ${asked && html`<${Join} me=${me} people=${people} onJoin=${join}
      onClose=${() => setAsked(false)} />`}</section>`;
}

// Each investigator has an opinion of his own.
function Opinions({ form, onForm, onTrouble }) {
  const people = peopleOf(form);
  const repeat = form.questions.find((one) => one.ref === '/data/opinion');
  const said = [];

  if (!repeat) return null;
  for (let at = 1; at <= (repeat.count ?? 0); at++) said.push(`/data/opinion[${at}]`);
  const refOf = (one) => said.find((ref) => valueOf(form, `${ref}/investigator`) === one.name);

  async function open(one) {
    let ref = refOf(one);

    try {
      if (!ref) {
        const answer = await api.addInstance(form.draft, '/data/opinion');

        ref = answer.added;
        await api.answers(form.draft, [{ ref: `${ref}/person`, value: one.person },
          { ref: `${ref}/investigator`, value: one.name }]);
        onForm(await api.draft(form.draft));
      }
      go('draft', String(form.draft), `${ref}/verdict`);
    } catch (trouble) {
      onTrouble(trouble);
    }
  }
  return html`<section class="card stack" aria-labelledby="opinions">
    <h2 id="opinions"><${Icon} name="edit" /> ${tr('Opinions, each by himself')}</h2>
    <ul class="list">${people.map((one) => {
      const ref = refOf(one);
      const question = ref && form.questions.find((it) => it.ref === `${ref}/verdict`);
      const words = question?.options?.find((option) => option.selected)?.label;

      return html`<li key=${one.ref}><button type="button" class="item" onClick=${() => open(one)}>
        <span class="grow"><strong>${one.name}</strong></span>
        ${words ? html`<span class="tag safe"><${Icon} name="check" />${plain(words)}</span>`
          : html`<span class="tag warning"><${Icon} name="warning" />${tr('still to say')}</span>`}
        <${Icon} name="next" /></button></li>`;
    })}</ul></section>`;
}

function Missing({ title, items, draft }) {
  return html`<section><h3>${title}</h3>${items.length === 0
    ? html`<${Notice} icon="check">${tr('Nothing is missing here.')}</${Notice}>`
    : html`<ul class="list">${items.slice(0, 30).map(({ question, page }) => html`<li
        key=${question.ref}><button type="button" class="item"
        onClick=${() => go('draft', String(draft), page.id)}><${Icon} name="error" />
        <span class="grow"><strong>${plain(question.label || question.ref)}</strong>
        <span class="quiet block small">${page.title}</span></span><${Icon} name="next" />
        </button></li>`)}</ul>`}</section>`;
}

const missingIn = (form) => (form ? missingOf(pagesOf(treeOf(form.questions))) : []);

export function Visit({ words, shared }) {
  const [number] = words;
  const [form, setForm] = useState(null);
  const [home, setHome] = useState(null); // the draft of the household, where there is one
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);

  async function load() {
    try {
      const drafts = await api.drafts();
      const of = await api.draft(number);
      const beside = drafts.drafts.find((one) => one.record === valueOf(of, '/data/household'));

      setHome(beside ? await api.draft(beside.draft) : null);
      // The last one asked is the one that lies open.
      setForm(beside ? await api.draft(number) : of);
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  useEffect(() => {
    load();
  }, []);
  if (!form) return html`<${Frame} title=${tr('Visit')} back="#/" shared=${shared}>
    <${Failure} trouble=${trouble} onAgain=${load} /></${Frame}>`;

  const household = valueOf(form, '/data/household');
  const pages = pagesOf(treeOf(form.questions));
  const missing = missingIn(form);
  const open = (ref) => {
    const page = pageWith(pages, ref);
    go('draft', number, page ? page.id : ref);
  };

  async function change() {
    try {
      const draft = await api.editRecord(household);
      go('draft', String(draft.draft));
    } catch (failure) {
      setTrouble(failure);
    }
  }
  async function finish() {
    setBusy(true);
    try {
      const done = await api.finishDraft(number);
      shared.refresh();
      go('sign', done.id);
    } catch (failure) {
      setTrouble(failure);
      if (failure.code === 'problems') await load();
    }
    setBusy(false);
  }
  const link = (icon, title, run, hint) => html`<li><button type="button" class="item"
    onClick=${run}><${Icon} name=${icon} /><span class="grow"><strong>${title}</strong>
    ${hint && html`<span class="quiet block small">${hint}</span>`}</span><${Icon} name="next" />
    </button></li>`;

  return html`<${Frame} title=${form.title || tr('Visit')} shared=${shared}
    back=${household ? `#/record/${encodeURIComponent(household)}` : '#/'}
    foot=${html`<span class="quiet small">${missing.length > 0 &&
      tr('{n} missing', { n: missing.length })}</span>
      <${Button} kind="primary" icon="pen" busy=${busy} onClick=${finish}>${
        tr('Finish and sign')}</${Button}>`}>
    <${Failure} trouble=${trouble} />
    <p class="row"><span class="quiet">${tr('Visit begun {when}', {
      when: moment(valueOf(form, '/data/begun')) })}</span>
      <span class="tag tablet"><${Icon} name="tablet" />${tr('Saved on this tablet')}</span></p>
    <${People} form=${form} me=${shared.me} onForm=${setForm} />
    <section class="card stack"><h2><${Icon} name="list" /> ${tr('In the house')}</h2>
      <ul class="list">
      ${household && link('home', tr('The household: members, income, property'), change,
        home ? tr('{n} missing', { n: missingIn(home).length }) : tr(
          'Look it through, and change what is different.'))}
      ${link('place', tr('Position and outcome'), () => open('/data/outcome'))}
      ${link('person', tr('Who was there'), () => open('/data/present'))}
      ${form.questions.some((one) => one.ref === '/data/living/food') &&
        link('edit', tr('How they live'), () => open('/data/living/food'))}
      ${link('camera', tr('Photos'), () => open('/data/photos'))}
      ${link('lock', tr('Neighbours, out of the household’s sight'), () => open('/data/neighbour'))}
      ${link('pen', tr('Signatures of household and witness'), () => open('/data/signed'))}
      </ul></section>
    <${Opinions} form=${form} onForm=${setForm} onTrouble=${setTrouble} />
    <section class="card stack"><h2><${Icon} name="check" /> ${tr('Before you leave the house')}</h2>
      <${Missing} title=${tr('In this visit')} items=${missing} draft=${number} />
      ${home && html`<${Missing} title=${tr('In the household')} items=${missingIn(home)}
        draft=${home.draft} />
        <${Notice} kind="warning">${tr(
          'The changes of the household are still a draft. Finish them before you sign.')
        }</${Notice}>`}</section>
  </${Frame}>`;
}
