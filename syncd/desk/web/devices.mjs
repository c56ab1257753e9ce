// devices.mjs: the tablets: which there are, whether they are well, and what becomes of them.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { count, moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { query } from './api.mjs';
import { Frame } from './frame.mjs';
import { List, useList } from './list.mjs';
import { Code } from 'kit/qr.mjs';
import { href } from './route.mjs';
import { ROLES, areaName, codes, roleName } from './words.mjs';

const STATES = {
  used: () => [tr('in use'), 'safe', 'check'],
  unconfirmed: () => [tr('to be confirmed'), 'warning', 'warning'],
  alarm: () => [tr('says that history was changed'), 'error', 'error'],
  revoked: () => [tr('revoked'), 'tablet', 'close'],
  wiped: () => [tr('revoked, to be wiped'), 'tablet', 'trash'],
};

function State({ device }) {
  const [words, tag, icon] = STATES[device.state]();

  return html`<span class="tag ${tag}"><${Icon} name=${icon} />${words}</span>
    ${device.forks > 0 && html` <span class="tag warning"><${Icon} name="conflict" />${
      tr('cloned {n} times', { n: device.forks })}</span>`}
    ${device.sealed.length > 0 && html` <span class="tag warning"><${Icon} name="clock" />${
      tr('something before it is missing')}</span>`}`;
}

// What came before what was written in front of it: it opens by itself when that comes.
function Sealed({ list }) {
  return html`<${Notice} kind="warning">${list.map((one) => html`<p key=${one.since}>${tr(
    'Numbers {from} to {to} of this tablet have not come. {n} changes behind them wait here, sealed, since {since}. They are taken when the missing ones come: by this tablet, by another one that carried for it, or by a stick.',
    { from: one.lacks_from, to: one.lacks_to, n: count(one.changes), since: moment(one.since) })}</p>`)}
  </${Notice}>`;
}

const CLOCK_MS = 600000;

// Of the tablet against ours: positive means that ours is ahead.
function offset(ms) {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const size = seconds < 120 ? tr('{n} s', { n: seconds })
    : seconds < 7200 ? tr('{n} min', { n: Math.round(seconds / 60) })
      : seconds < 172800 ? tr('{n} h', { n: Math.round(seconds / 3600) })
        : tr('{n} days', { n: Math.round(seconds / 86400) });

  if (seconds < 2) return tr('right');
  return ms > 0 ? tr('slow by {size}', { size }) : tr('fast by {size}', { size });
}

function Clock({ device }) {
  const words = offset(device.offset_ms);

  return Math.abs(device.offset_ms) < CLOCK_MS ? words
    : html`<span class="late"><${Icon} name="clock" />${words}</span>`;
}

// Shown once, while the tablet is beside the screen.
function Invited({ made, name, onClose }) {
  return html`<${Dialog} title=${tr('Enrol {name}', { name })} onClose=${onClose}>
    <p>${tr('On the tablet: enrol, with this code. It is good for one tablet and {n} hours.',
      { n: made.hours })}</p>
    <div class="center"><${Code} qr=${made.qr} label=${tr('The code as a QR code')} /></div>
    <p class="one-time" lang="en">${made.code}</p>
    <div class="row"><${Button} kind="primary" icon="check" onClick=${onClose}>${
      tr('Done.')}</${Button}></div></${Dialog}>`;
}

// With the values of a tablet that enrols again.
function Inviting({ shared, again, onDone, onClose }) {
  const [name, setName] = useState(again?.name ?? '');
  const [person, setPerson] = useState(again?.person ?? '');
  const [role, setRole] = useState('investigator');
  const [areas, setAreas] = useState((again ?? shared.me).areas.map((one) => one.area).join(', '));
  const [server, setServer] = useState(`https://${location.hostname}:8443`);
  const [error, setError] = useState('');

  async function invite(event) {
    event.preventDefault();
    try {
      onDone(name, await post('api/devices', { name: name.trim(), person: person.trim(), role,
        areas: codes(areas), server: server.trim() }));
    } catch (trouble) {
      setError(trouble.message);
    }
  }
  return html`<${Dialog} title=${again ? tr('Enrol again') : tr('Invite a tablet')}
    onClose=${onClose}><form class="stack" autocomplete="off" onSubmit=${invite}>
    ${again && html`<p class="quiet">${tr(
      'A tablet that enrols again is a new one. Revoke the old one, unless its work is still to come.'
    )}</p>`}
    <${Field} label=${tr('Name of the tablet')} value=${name} onInput=${setName} />
    <${Field} label=${tr('Its first person')} value=${person} onInput=${setPerson} />
    <label class="field"><span class="label">${tr('Role')}</span>
      <select class="input" value=${role} onChange=${(event) => setRole(event.currentTarget.value)}>
      ${ROLES.slice(0, 4).map((one) => html`<option key=${one} value=${one}>${
        roleName(one)}</option>`)}</select></label>
    <${Field} label=${tr('Areas')} hint=${tr('Codes; with each comes all that lies beneath it.')}
      value=${areas} onInput=${setAreas} />
    <${Field} label=${tr('Where the tablet finds the county')} value=${server}
      onInput=${setServer} />
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" icon="plus">${tr('Make the code')}</${Button}></div>
  </form></${Dialog}>`;
}

function Changing({ device, onChanged }) {
  const [areas, setAreas] = useState(device.areas.map((one) => one.area).join(', '));
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [isAsking, setAsking] = useState(false);
  const path = `api/devices/${device.device}`;

  const doing = (send) => async () => {
    try {
      await send();
      setAsking(false);
      toast(tr('Done. The tablet learns it when it syncs.'));
      onChanged();
    } catch (trouble) {
      setAsking(false);
      setError(trouble.message);
    }
  };

  return html`<section class="card stack"><h2>${tr('Change')}</h2>
    <${Field} label=${tr('Areas')} hint=${tr('Codes; with each comes all that lies beneath it.')}
      value=${areas} onInput=${setAreas} />
    <${Field} label=${tr('Reason')} hint=${tr('It is logged.')} value=${reason}
      onInput=${(text) => { setReason(text); setError(''); }} />
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    <div class="row"><${Button} kind="primary" icon="check" onClick=${doing(() =>
      post(`${path}/scope`, { areas: codes(areas), reason }))}>${tr('Change areas')}</${Button}>
      <${Button} kind="danger" icon="close" onClick=${doing(() => post(`${path}/revoke`,
        { reason }))}>${tr('Revoke')}</${Button}>
      <${Button} kind="danger" icon="trash" onClick=${() => setAsking(true)}>${
        tr('Revoke and wipe')}</${Button}></div>
    ${isAsking && html`<${Dialog} title=${tr('Wipe this tablet?')} onClose=${() =>
      setAsking(false)}><p>${tr(
      'At its next sync it forgets all that it holds. What it has not sent stays on it, sealed for the county.'
      )}</p><div class="row spread"><${Button} onClick=${() => setAsking(false)}>${
        tr('Back')}</${Button}><${Button} kind="danger" icon="trash" onClick=${doing(() =>
        post(`${path}/revoke`, { reason, wipe: true }))}>${tr('Wipe')}</${Button}></div>
      </${Dialog}>`}</section>`;
}

function DevicePage({ id, shared }) {
  const { found: device, trouble, again } =
    useFound(() => get(`api/devices/${encodeURIComponent(id)}`), [id]);
  const [open, setOpen] = useState(null);
  const manages = shared.me.may.includes('manage');

  return html`<${Frame} title=${device?.name ?? tr('Tablet')} back=${href('devices')}
    actions=${device && manages && html`<${Button} icon="sync" onClick=${() => setOpen('again')}>${
      tr('Enrol again')}</${Button}>`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${device?.sealed.length > 0 && html`<${Sealed} list=${device.sealed} />`}
    ${device && html`<div class="columns"><section class="card stack"><dl class="facts">
      <dt>${tr('State')}</dt><dd><${State} device=${device} /></dd>
      <dt>${tr('Areas')}</dt><dd>${device.areas.map(areaName).join(', ')}</dd>
      <dt>${tr('Last seen')}</dt><dd>${device.seen ? moment(device.seen) : tr('never')}</dd>
      <dt>${tr('Enrolled')}</dt><dd>${moment(device.enrolled)}</dd>
      <dt>${tr('Clock')}</dt><dd><${Clock} device=${device} /></dd>
      <dt>${tr('Program')}</dt><dd lang="en">${device.program || tr('unknown: it has not said')}</dd>
      <dt>${tr('Changes still on it')}</dt><dd>${count(device.pending)}</dd>
      <dt>${tr('Knows its areas')}</dt><dd>${device.scope_confirmed === device.scope
        ? tr('yes') : tr('not yet')}</dd>
      <dt>${tr('Number')}</dt><dd lang="en">${device.device}</dd></dl>
      <h2>${tr('People on it')}</h2><ul class="plain">${device.people.map((one) => html`
        <li key=${one.person}>${one.name} · ${roleName(one.role)}</li>`)}</ul></section>
      ${manages && !['revoked', 'wiped'].includes(device.state) && html`<${Changing}
        key=${device.scope} device=${device} onChanged=${again} />`}</div>`}
    ${open === 'again' && html`<${Inviting} shared=${shared} again=${device}
      onClose=${() => setOpen(null)} onDone=${(name, made) => setOpen({ name, made })} />`}
    ${open?.made && html`<${Invited} ...${open} onClose=${() => setOpen(null)} />`}</${Frame}>`;
}

function DeviceList({ shared }) {
  const list = useList('devices', (after) => get(query('api/devices', { after })));
  const [open, setOpen] = useState(null);

  return html`<${Frame} title=${tr('Tablets')} actions=${shared.me.may.includes('manage') && html`
      <${Button} kind="primary" icon="plus" onClick=${() => setOpen('new')}>${
        tr('Invite a tablet')}</${Button}>`}>
    <${List} list=${list} label=${tr('Tablets')}
      rowClass=${(device) => (['revoked', 'wiped'].includes(device.state) ? 'past' : '')} columns=${[
      { id: 'name', label: tr('Name'), cell: (device) => device.name,
        href: (device) => href('devices', [device.device]) },
      { id: 'person', label: tr('Person'), cell: (device) => device.person },
      { id: 'areas', label: tr('Areas'), optional: true,
        cell: (device) => device.areas.map(areaName).join(', ') },
      { id: 'state', label: tr('State'), cell: (device) => html`<${State} device=${device} />` },
      { id: 'seen', label: tr('Last seen'), cell: (device) => (device.seen ? moment(device.seen)
        : '—') },
      { id: 'clock', label: tr('Clock'), optional: true,
        cell: (device) => html`<${Clock} device=${device} />` },
      { id: 'program', label: tr('Program'), optional: true,
        cell: (device) => device.program || '—' },
      { id: 'pending', label: tr('Still on it'), kind: 'number', optional: true,
        cell: (device) => count(device.pending) },
    ]} />
    ${open === 'new' && html`<${Inviting} shared=${shared} onClose=${() => setOpen(null)}
      onDone=${(name, made) => setOpen({ name, made })} />`}
    ${open?.made && html`<${Invited} ...${open} onClose=${() => { setOpen(null); list.again(); }} />`}
  </${Frame}>`;
}

export function Devices({ words, shared }) {
  return words[0] ? html`<${DevicePage} id=${words[0]} shared=${shared} />`
    : html`<${DeviceList} shared=${shared} />`;
}
