// kept.mjs: one change that was kept aside (#/conflicts/aside/DOT): who made it, where, why it waits
// and what it says, so that whoever decides knows about what. What is confidential is masked.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure, Icon, Notice, toast } from 'kit/components.mjs';
import { moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';
import { AsideState, settleWords } from './aside.mjs';
import { changeName, deviceName, label, lineWords, valueWords } from './case_words.mjs';
import { Frame } from './frame.mjs';
import { forgetLists } from './list.mjs';
import { href } from './route.mjs';
import { Why } from './say.mjs';

// One table for what belongs to the record itself, one for each item of a list.
function partsOf(items) {
  const parts = new Map();

  for (const item of items) {
    const key = item.item ?? '';

    if (!parts.has(key)) parts.set(key, { key, title: '', rows: [] });
    const part = parts.get(key);

    if (key && !part.title && item.within?.length) part.title = item.within.at(-1);
    part.rows.push(item);
  }
  return [...parts.values()];
}

function said(item) {
  if (item.attachment) return tr('Photo or file, {state}', { state:
    ['here', 'backed_up'].includes(item.attachment.state) ? tr('in the county')
      : tr('still on {device}', { device: item.attachment.device || tr('the tablet') }) });
  return html`${valueWords(item, item.type)}${item.masked && html` <${Icon} name="lock" />`}`;
}

// What the program writes itself: the area, that an item is there or is removed, seals.
function nameOf(item) {
  if (item.label || item.name) return label(item);
  return item.path === '@area' ? tr('Area') : item.item ? tr('The item itself') : item.path;
}

// That an item begins is told by its answers.
const isTold = (part) => (item) => item.label || item.name || !part.key ||
  part.rows.every((one) => !one.label && !one.name);

function Values({ document }) {
  const parts = partsOf(document.items);

  return html`<section class="card stack"><h2>${tr('What it says')}</h2>
    ${parts.length === 0 && html`<p class="quiet">${tr('Nothing that can be read.')}</p>`}
    ${parts.map((part, at) => html`${part.key && html`<h3>${part.title || tr('Item')} ${at}</h3>`}
      <table class="table kept" key=${part.key}>
      <caption class="hidden">${part.key ? `${part.title || tr('Item')} ${at}`
        : tr('The record itself')}</caption>
      <thead class="hidden"><tr><th scope="col">${tr('Question')}</th><th scope="col">${tr('Value')}</th></tr></thead>
      <tbody>${part.rows.filter(isTold(part)).map((item, nth) => html`<tr key=${nth}><th scope="row">${!part.key &&
        item.within?.length > 0 && html`<span class="quiet small block">${item.within.join(' · ')}</span>`}${
        nameOf(item)}</th><td>${said(item)}</td></tr>`)}</tbody></table>`)}
    ${document.more && html`<p class="quiet">${tr('There is more; the command line shows all.')}</p>`}
  </section>`;
}

export function Kept({ dot, shared }) {
  const { found: document, trouble, again, look } = useFound((reason) => api.kept(dot, reason), [dot]);
  const [asked, setAsked] = useState(null); // 'release', 'return', 'reveal'
  const may = shared.me.may.includes('release');

  async function settle(reason) {
    await api.settle([dot], asked === 'release', reason);
    toast(settleWords(asked === 'release'));
    setAsked(null);
    forgetLists();
    await look('');
  }
  return html`<${Frame} title=${document?.title || tr('A change that was kept aside')}
    back=${href('conflicts', [], { kind: 'aside' })} actions=${document && html`
      ${document.masked && may && document.items.some((one) => one.masked) && html`<${Button}
        icon="lock" onClick=${() => setAsked('reveal')}>${tr('Look behind the mask')}</${Button}>`}
      ${document.known && html`<a class="button" href=${href('records', [document.record])}>${
        tr('The whole record')}</a>`}`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${document && html`<section class="card stack">
      <${Notice} kind="warning"><p>${document.why}</p></${Notice}>
      <dl class="facts"><dt>${tr('State')}</dt><dd><${AsideState} item=${document} /></dd>
        <dt>${tr('Form')}</dt><dd>${document.form_title || document.form || tr('not published here')}</dd>
        <dt>${tr('Title')}</dt><dd>${document.known ? document.title || tr('Without a name')
          : tr('(a record that is not known yet)')}</dd>
        <dt>${tr('Kind')}</dt><dd>${changeName(document.kind)}</dd>
        <dt>${tr('Author')}</dt><dd>${document.author?.name || '—'}</dd>
        <dt>${tr('On which tablet')}</dt><dd>${deviceName(document.device)}</dd>
        <dt>${tr('Area')}</dt><dd>${document.area.name || document.area.area}</dd>
        <dt>${tr('When')}</dt><dd>${moment(document.made)}</dd>
        <dt>${tr('Line')}</dt><dd>${lineWords(document) || '—'}</dd>
        ${document.said && html`<dt>${tr('Reason')}</dt><dd>${document.said}</dd>`}</dl>
      ${may && document.state === 'waits' && html`<div class="row"><${Button} kind="primary"
        icon="check" onClick=${() => setAsked('release')}>${tr('Release')}</${Button}><${Button}
        icon="back" onClick=${() => setAsked('return')}>${tr('Return')}</${Button}></div>`}</section>
      <${Values} document=${document} />`}
    ${asked === 'reveal' && html`<${Why} title=${tr('Look behind the mask')} action=${tr('See it')}
      hint=${tr('Your name and this reason are logged.')} onDone=${async (reason) => {
        await look(reason);
        setAsked(null);
      }} onClose=${() => setAsked(null)} />`}
    ${['release', 'return'].includes(asked) && html`<${Why} title=${asked === 'release'
        ? tr('Release it') : tr('Return it')}
      hint=${asked === 'release' ? tr('You vouch for where it was made, by whom, and that it is meant.')
        : tr('Its author reads this reason, and does it again in the right way.')}
      action=${asked === 'release' ? tr('Release') : tr('Return')} onDone=${settle}
      onClose=${() => setAsked(null)}><p>${document.why}</p></${Why}>`}
  </${Frame}>`;
}
