// tokens.mjs: programs that read for somebody: one's own tokens, made and revoked; and, for who
// manages people, everybody's.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Failure, Field, Icon, Notice, toast } from 'kit/components.mjs';
import { day, moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { Why } from './say.mjs';
import { areaName, codes } from './words.mjs';

const ABILITIES = {
  read: () => tr('read records'), export: () => tr('take files away'), audit: () => tr('audit'),
  manage: () => tr('list people and tablets'), reveal: () => tr('look behind the mask'),
};

// What a role could give to a token, as token.c has it; the server asks again.
function givable(me) {
  const may = (...abilities) => abilities.some((one) => me.may.includes(one));

  return Object.entries({ read: may('read'), export: may('move', 'audit'), audit: may('audit'),
    manage: may('manage', 'audit', 'release'), reveal: may('reveal') })
    .filter(([, can]) => can).map(([name]) => name);
}

const mayWords = (may) => may.split(',').map((one) => ABILITIES[one]?.() ?? one).join(tr(', '));

function Token({ token, showPerson, onRevoke }) {
  return html`<li class="row spread"><span><b>${token.name}</b>${showPerson
      && ` · ${token.person.name}`}
      ${token.over && html` <span class="tag tablet"><${Icon} name="clock" />${
        tr('over')}</span>`}
      <span class="quiet block small">${mayWords(token.may)} · ${
        token.areas.map(areaName).join(', ')}</span>
      <span class="quiet block small">${tr('until {day}', { day: day(token.until) })} · ${token.used
        ? tr('last used {when} from {address}', { when: moment(token.used),
          address: token.address })
        : tr('never used')}</span></span>
    ${onRevoke && html`<${Button} icon="close" onClick=${() => onRevoke(token)}>${
      tr('Revoke')}</${Button}>`}</li>`;
}

// What is shown once and never again.
function Made({ token, onClose }) {
  return html`<${Dialog} title=${tr('The token of the program')} onClose=${onClose}>
    <p>${tr('Put it where only the program can read it. It is not shown again.')}</p>
    <p class="one-time" lang="en">${token}</p>
    <p class="quiet small">${tr('As a header of each request:')} <code lang="en">Authorization:
      Bearer ygt_…</code></p>
    <div class="row"><${Button} kind="primary" icon="check" onClick=${onClose}>${
      tr('I have it')}</${Button}></div></${Dialog}>`;
}

function Making({ me, onDone, onClose }) {
  const [order, setOrder] = useState({ name: '', until: '', secret: '',
    areas: me.areas.map((one) => one.area).join(', ') });
  const [may, setMay] = useState(['read']);
  const [error, setError] = useState('');
  const set = (key) => (value) => { setOrder({ ...order, [key]: value }); setError(''); };

  async function make(event) {
    event.preventDefault();
    try {
      onDone((await post('api/tokens', { ...order, may: may.join(), areas: codes(order.areas) }))
        .token);
    } catch (trouble) {
      setError(trouble.message);
    }
  }
  return html`<${Dialog} title=${tr('Let a program read')} onClose=${onClose}>
    <form class="stack" autocomplete="off" onSubmit=${make}>
    <p>${tr('It reads in your name and never more than you may. Each file that it takes away is logged.')}</p>
    <${Field} label=${tr('What it is for')} value=${order.name} onInput=${set('name')} />
    <fieldset class="stack"><legend class="label">${tr('What it may')}</legend>
      ${givable(me).map((one) => html`<label class="check" key=${one}><input type="checkbox"
        checked=${may.includes(one)} onChange=${(event) => setMay(event.currentTarget.checked
          ? [...may, one] : may.filter((other) => other !== one))} />${ABILITIES[one]()}</label>`)}
    </fieldset>
    <${Field} label=${tr('Areas')} hint=${tr('Codes; with each comes all that lies beneath it.')}
      value=${order.areas} onInput=${set('areas')} />
    <${Field} label=${tr('Last day')} hint=${tr('A year from now if you leave it out.')} type="date"
      value=${order.until} onInput=${set('until')} />
    <${Field} label=${tr('Your secret')} type="password" autocomplete="new-password"
      value=${order.secret} onInput=${set('secret')} />
    ${error && html`<${Notice} kind="error" role="alert">${error}</${Notice}>`}
    <div class="row spread"><${Button} onClick=${onClose}>${tr('Back')}</${Button}>
      <${Button} kind="primary" type="submit" icon="plus">${tr('Make a token')}</${Button}></div>
    </form></${Dialog}>`;
}

// me: whose own they are; without: everybody's, and mayRevoke says whether to be revoked.
export function Tokens({ me, mayRevoke }) {
  const { found, trouble, setTrouble, again } =
    useFound(() => get(me ? 'api/tokens' : 'api/people/tokens'));
  const [open, setOpen] = useState(null); // 'new', {made}, or a token to be revoked
  const items = found?.items;

  async function revoke(token, reason) {
    await post(me ? `api/tokens/${token.token}/revoke`
      : `api/people/${token.person.person}/tokens/${token.token}/revoke`, { reason });
    setOpen(null);
    toast(tr('Done.'));
    again();
  }

  return html`<${Failure} trouble=${trouble} onAgain=${again} />
    ${items?.length === 0 && html`<p class="quiet">${tr('No program reads here.')}</p>`}
    ${items?.length > 0 && html`<ul class="plain">${items.map((token) => html`<${Token}
      key=${token.token} token=${token} showPerson=${!me} onRevoke=${me
        ? (one) => revoke(one).catch(setTrouble) : mayRevoke && setOpen} />`)}</ul>`}
    ${me && givable(me).length > 0 && html`<div><${Button} icon="plus"
      onClick=${() => setOpen('new')}>${tr('Let a program read')}</${Button}></div>`}
    ${open === 'new' && html`<${Making} me=${me} onClose=${() => setOpen(null)}
      onDone=${(made) => { setOpen({ made }); again(); }} />`}
    ${open?.made && html`<${Made} token=${open.made} onClose=${() => setOpen(null)} />`}
    ${open?.token && html`<${Why} title=${tr('Revoke the token {name}', { name: open.name })}
      action=${tr('Revoke')} onDone=${(reason) => revoke(open, reason)}
      onClose=${() => setOpen(null)} />`}`;
}
