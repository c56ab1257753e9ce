// confirm.mjs: the second pair of eyes over a new secret (#/confirm/PERSON): whoever confirms has
// spoken to the human himself.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure, Field, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { get, post } from 'kit/request.mjs';
import { tr } from 'kit/words.mjs';
import { Frame } from './frame.mjs';
import { href } from './route.mjs';
import { areaName, roleName } from './words.mjs';

export function Confirm({ words }) {
  const [id] = words;
  const { found, trouble, setTrouble, again } = useFound(async () => // null: nothing waits
    (await get('api/resets')).items.find((one) => one.person === id) ?? null, [id]);
  const [reason, setReason] = useState('');

  async function confirm(event) {
    event.preventDefault();
    try {
      await post(`api/people/${id}/confirm`, { reason });
      toast(tr('Confirmed. From now on what is done in this name counts again.'));
      location.hash = href('home');
    } catch (failure) {
      setTrouble(failure);
    }
  }

  return html`<${Frame} title=${tr('Confirm a new secret')} back=${href('home')}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${found === null && html`<p class="empty quiet">${tr('Nothing here.')}</p>`}
    ${found && html`<form class="card stack" autocomplete="off" onSubmit=${confirm}>
      <dl class="facts"><dt>${tr('Full name')}</dt><dd>${found.title}</dd>
        <dt>${tr('Role')}</dt><dd>${roleName(found.role)}</dd>
        <dt>${tr('Areas')}</dt><dd>${found.areas.map(areaName).join(', ')}</dd>
        <dt>${tr('New secret by')}</dt><dd>${found.by} · ${moment(found.since)}</dd></dl>
      <p>${tr('Who makes a new secret for somebody could use it himself. Ask {name} in person or by telephone, then say how you know.', { name: found.title })}</p>
      <${Field} label=${tr('Reason')} hint=${tr('It is logged.')} value=${reason}
        onInput=${setReason} />
      <div class="row spread"><span></span><${Button} kind="primary" type="submit" icon="check">${
        tr('It is the right person')}</${Button}></div></form>`}
  </${Frame}>`;
}
