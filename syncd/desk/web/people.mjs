// people.mjs: the staff: who they are, what they may and where. For administrators; auditors look.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';
import { List, useList } from './list.mjs';
import { Sessions } from './sessions.mjs';
import { Tokens } from './tokens.mjs';
import { ROLES, areaName, codes, roleName } from './words.mjs';

function State({ person }) {
  if (person.grant?.enables) return html`<span class="tag warning"><${Icon} name="lock" />${
    tr('comes back, to be confirmed by a second')}</span>`;
  if (person.disabled) return html`<span class="tag tablet"><${Icon} name="close" />${
    tr('disabled')}</span>`;
  if (person.waiting) return html`<span class="tag warning"><${Icon} name="clock" />${
    tr('waits after wrong secrets')}</span>`;
  if (person.grant) return html`<span class="tag warning"><${Icon} name="lock" />${
    tr('more rights, to be confirmed by a second')}</span>`;
  if (person.unconfirmed) return html`<span class="tag warning"><${Icon} name="lock" />${
    tr('new secret, to be confirmed by a second')}</span>`;
  if (person.must_change) return html`<span class="tag warning"><${Icon} name="clock" />${
    tr('has not come yet')}</span>`;
  return html`<span class="tag safe"><${Icon} name="check" />${tr('active')}</span>`;
}

function Rights({ role, setRole, areas, setAreas }) {
  return html`<label class="field"><span class="label">${tr('Role')}</span>
    <select class="input" value=${role} onChange=${(event) => setRole(event.currentTarget.value)}>
      ${ROLES.map((one) => html`<option key=${one} value=${one}>${roleName(one)}</option>`)}
    </select></label>
    <${Field} label=${tr('Areas')} hint=${tr('Codes; with each comes all that lies beneath it.')}
      value=${areas} onInput=${setAreas} />
    <p class="quiet small">${tr('What is given waits for the word of a second administrator or a county reviewer, where there is one; what is taken away is gone at once.')}</p>`;
}

// What is shown once and never again.
function OneTime({ name, secret, onClose }) {
  return html`<${Dialog} title=${tr('The secret for the first login')} onClose=${onClose}>
    <p>${
      tr('Give it to {name} and to nobody else. It is not shown again.', { name })}</p>
    <p class="one-time" lang="en">${secret}</p>
    <div class="row"><${Button} kind="primary" icon="check" onClick=${onClose}>${
      tr('I have passed it on')}</${Button}></div></${Dialog}>`;
}

function Adding({ shared, onDone, onClose }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState('township');
  const [areas, setAreas] = useState(shared.me.areas.map((one) => one.area).join(', '));
  const [error, setError] = useState('');

  async function add(event) {
    event.preventDefault();
    try {
      onDone(name, await api.addPerson({ name: name.trim(), role, areas: codes(areas) }));
    } catch (trouble) {
      setError(trouble.message);
    }
  }
  return html`<${Dialog} title=${tr('Somebody new')} onClose=${onClose}>
    <form class="stack" autocomplete="off" onSubmit=${add}>
    <${Field} label=${tr('Full name')} value=${name} onInput=${setName} />
    <${Rights} role=${role} setRole=${setRole} areas=${areas} setAreas=${setAreas} />
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" icon="plus">${tr('Add')}</${Button}></div></form>
  </${Dialog}>`;
}

function Person({ person, shared, onDone, onSecret, onClose }) {
  const [role, setRole] = useState(person.role);
  const [areas, setAreas] = useState(person.areas.map((one) => one.area).join(', '));
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const canManage = shared.me.may.includes('manage') && !person.self;

  const doing = (send) => async () => {
    try {
      const answer = await send();

      if (answer.secret) onSecret(person.name, answer);
      else onDone(answer.waits);
    } catch (trouble) {
      setError(trouble.message);
    }
  };

  return html`<${Dialog} title=${person.name} onClose=${onClose}><div class="stack">
    <dl class="facts"><dt>${tr('State')}</dt><dd><${State} person=${person} /></dd>
      <dt>${tr('Role')}</dt><dd>${roleName(person.role)}</dd>
      <dt>${tr('Areas')}</dt><dd>${person.areas.map(areaName).join(', ')}</dd>
      ${person.grant && html`<dt>${tr('To be confirmed')}</dt><dd>${roleName(person.grant.role)} · ${
        person.grant.areas.map(areaName).join(', ')} (${person.grant.by} · ${
        moment(person.grant.since)})</dd>`}
      <dt>${tr('Last login')}</dt><dd>${person.seen ? moment(person.seen) : tr('never')}</dd>
      <dt>${tr('Second factor')}</dt><dd>${person.second ? tr('yes') : tr('no')}</dd></dl>
    ${person.self && html`<p class="quiet">${
      tr('Nobody changes his own rights. Ask another administrator.')}</p>`}
    ${canManage && html`
      <${Rights} role=${role} setRole=${setRole} areas=${areas} setAreas=${setAreas} />
      <${Field} label=${tr('Reason')} hint=${tr('It is logged.')} value=${reason}
        onInput=${(text) => { setReason(text); setError(''); }} />`}
    <details><summary>${tr('Where logged in')}</summary><${Sessions}
      path="api/people/${person.person}/sessions" mayEnd=${canManage} /></details>
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      ${canManage && html`<div class="row">
        ${person.second && html`<${Button} onClick=${doing(() => post(
          `api/people/${person.person}/second`, { reason }))}>${
          tr('Remove second factor')}</${Button}>`}
        ${!person.disabled && html`<${Button} icon="sync" onClick=${doing(() =>
          api.resetPerson(person.person))}>${tr('New secret')}</${Button}>`}
        <${Button} kind=${person.disabled ? '' : 'danger'} onClick=${doing(() => (person.disabled
          ? api.enablePerson : api.disablePerson)(person.person, reason))}>${
          person.disabled ? tr('Let in again') : tr('Disable')}</${Button}>
        <${Button} kind="primary" icon="check" onClick=${doing(() => api.setRights(person.person,
          { role, areas: codes(areas), reason }))}>${tr('Change rights')}</${Button}></div>`}</div>
  </div></${Dialog}>`;
}

export function People({ shared }) {
  const list = useList('people', api.people);
  const [open, setOpen] = useState(null); // a person, 'new', or {name, secret}

  const done = (waits) => {
    setOpen(null);
    toast(waits ? tr('It waits for the word of a second one.') : tr('Done.'));
    list.again();
  };
  const showSecret = (name, { secret }) => { setOpen({ name, secret }); list.again(); };

  return html`<${Frame} title=${tr('People')} actions=${shared.me.may.includes('manage') && html`
      <${Button} kind="primary" icon="plus" onClick=${() => setOpen('new')}>${
        tr('Somebody new')}</${Button}>`}>
    <${List} list=${list} label=${tr('People')} onOpen=${setOpen}
      rowClass=${(person) => (person.disabled ? 'past' : '')} columns=${[
      { id: 'name', label: tr('Full name'), cell: (person) => person.name },
      { id: 'role', label: tr('Role'), cell: (person) => roleName(person.role) },
      { id: 'areas', label: tr('Areas'), cell: (person) => person.areas.map(areaName).join(', ') },
      { id: 'state', label: tr('State'), cell: (person) => html`<${State} person=${person} />` },
      { id: 'seen', label: tr('Last login'), optional: true,
        cell: (person) => (person.seen ? moment(person.seen) : '—') },
      { id: 'created', label: tr('Added'), optional: true,
        cell: (person) => moment(person.created) },
    ]} />
    <section class="card stack"><h2>${tr('Programs that read')}</h2>
      <${Tokens} mayRevoke=${shared.me.may.includes('manage')} /></section>
    ${open === 'new' && html`<${Adding} shared=${shared} onDone=${showSecret}
      onClose=${() => setOpen(null)} />`}
    ${open?.person && html`<${Person} key=${open.person} person=${open} shared=${shared}
      onDone=${done} onSecret=${showSecret} onClose=${() => setOpen(null)} />`}
    ${open?.secret && html`<${OneTime} name=${open.name} secret=${open.secret}
      onClose=${() => setOpen(null)} />`}
  </${Frame}>`;
}
