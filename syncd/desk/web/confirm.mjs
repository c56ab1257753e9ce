// confirm.mjs: the second pair of eyes over what an administrator gave: a secret, or a colleague
// (#/confirm/PERSON), rights (#/confirm/PERSON/rights). Whoever confirms has asked the humans.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure, Field, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { Frame } from './frame.mjs';
import { href } from './route.mjs';
import { areaName, roleName } from './words.mjs';

// kind -> what the page is called, who has a hand in it, what to do first, and what is said then.
const KINDS = {
  reset: { title: () => tr('Confirm a new secret'), by: () => tr('New secret by'),
    ask: (name) => tr('Who makes a new secret for somebody could use it himself. Ask {name} in person or by telephone, then say how you know.', { name }),
    yes: () => tr('It is the right person'),
    done: () => tr('Confirmed. From now on what is done in this name counts again.') },
  person: { title: () => tr('Confirm somebody new'), by: () => tr('Added by'),
    ask: (name) => tr('Who adds somebody knows his first secret, and could have invented him. Ask {name} in person or by telephone, then say how you know.', { name }),
    yes: () => tr('It is the right person'), done: () => tr('Done.') },
  rights: { title: () => tr('Confirm new rights'), by: () => tr('Given by'),
    ask: (name) => tr('Nobody gives rights alone. Ask what {name} needs them for, then say it.', { name }),
    yes: () => tr('Confirm these rights'),
    done: () => tr('Confirmed. The rights hold from the next login on.') },
  enable: { title: () => tr('Confirm that somebody comes back'), by: () => tr('Given by'),
    ask: (name) => tr('Nobody gives rights alone. Ask what {name} needs them for, then say it.', { name }),
    yes: () => tr('Let in again'), done: () => tr('Done.') },
};

const list = (areas) => areas.map(areaName).join(', ');

// What he may now, and beside it what he would.
function Rights({ found: { role, areas, grant } }) {
  if (!grant) return html`<dt>${tr('Role')}</dt><dd>${roleName(role)}</dd>
    <dt>${tr('Areas')}</dt><dd>${list(areas)}</dd>`;
  return html`
    <dt>${tr('Until now')}</dt><dd>${grant.enables ? tr('disabled')
      : `${roleName(role)} · ${list(areas)}`}</dd>
    <dt>${tr('From then on')}</dt><dd><b>${roleName(grant.role)} · ${list(grant.areas)}</b></dd>`;
}

export function Confirm({ words }) {
  const [id, what] = words;
  const { found, trouble, setTrouble, again } = useFound(async () => // null: nothing waits
    (await get('api/confirmations')).items.find((one) => one.person === id &&
      (what === 'rights') === (one.grant != null)) ?? null, [id, what]);
  const [reason, setReason] = useState('');
  const kind = KINDS[found?.kind ?? (what === 'rights' ? 'rights' : 'reset')];

  async function confirm(event) {
    event.preventDefault();
    try {
      await post(`api/people/${id}/confirm`, { reason, rights: found.grant?.mark });
      toast(kind.done());
      location.hash = href('home');
    } catch (failure) {
      setTrouble(failure);
    }
  }

  return html`<${Frame} title=${kind.title()} back=${href('home')}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${found === null && html`<p class="empty quiet">${tr('Nothing here.')}</p>`}
    ${found && html`<form class="card stack" autocomplete="off" onSubmit=${confirm}>
      <dl class="facts"><dt>${tr('Full name')}</dt><dd>${found.title}</dd>
        <${Rights} found=${found} />
        <dt>${kind.by()}</dt><dd>${found.by} · ${moment(found.since)}</dd></dl>
      <p>${kind.ask(found.title)}</p>
      <${Field} label=${tr('Reason')} hint=${tr('It is logged.')} value=${reason}
        onInput=${setReason} />
      <div class="row spread"><span></span><${Button} kind="primary" type="submit" icon="check">${
        kind.yes()}</${Button}></div></form>`}
  </${Frame}>`;
}
