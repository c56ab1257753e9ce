// ready.mjs: until when this tablet is ready to work without a network: what is here, as of when,
// how it is in a word, and what to do where it is not good.
import { html } from 'kit/html.mjs';
import { Button, Failure, Icon, Notice } from 'kit/components.mjs';
import { count, day, moment } from 'kit/format.mjs';
import { useFound } from 'kit/found.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';

const MIB = 1024 * 1024;

const size = (bytes) => (bytes >= 1024 * MIB ? `${(bytes / MIB / 1024).toFixed(1)} GiB`
  : `${Math.floor(bytes / MIB)} MiB`);

// What an item is called, what it says, and what mends it: [title, fact, advice].
function words(item, ready) {
  const sync = tr('Send and receive while there is a network.');

  switch (item.what) {
    case 'synced': return [tr('Sent and received'), ready.synced
      ? tr('last time {when}', { when: moment(ready.synced) }) : tr('never yet'), sync];
    case 'forms': return [tr('Forms'), `${item.forms.map((one) => `${one.title || one.form} ${
      one.version}`).join('、') || tr('none')}${item.media_missing > 0
      ? ` · ${tr('{n} pictures still to come', { n: count(item.media_missing) })}` : ''}`, sync];
    case 'file': return [fileTitle(item), item.valid_from
      ? tr('{name}, in force since {day}', { name: item.name, day: day(item.valid_from) })
      : tr('is here'), sync];
    case 'areas': return [tr('Areas and records'), `${item.areas.map((one) => one.name || one.area)
      .join('、')} · ${tr('{n} records', { n: count(item.records) })}${item.pieces_left > 0
      ? ` · ${tr('{n} pieces still to come', { n: count(item.pieces_left) })}` : ''}`,
      item.count > 0 ? sync : tr('Ask the county for areas.')];
    case 'keys': return [tr('Keys'), item.state === 'good' ? tr('certified by the county; no end')
      : tr('not certified by the county yet'), sync];
    case 'revoked': return [tr('Keys'), tr('The county has closed this tablet.'),
      tr('Carry what waits by a stick, and ask the county.')];
    case 'disk': return [tr('Free space'), size(item.bytes),
      tr('Remove other files from this device, then send photos to the county.')];
    case 'clock': return [tr('Clock'), item.state === 'good' ? tr('right')
      : tr('off by {n} minutes', { n: Math.round(Math.abs(item.offset_ms) / 60000) }),
      tr('Set the clock of this device.')];
    case 'pending': return [tr('Waits on this tablet'), [
      tr('{n} changes', { n: count(item.changes) }), item.attachments > 0 &&
      tr('{n} photos and files', { n: count(item.attachments) }), item.inbox > 0 &&
      tr('{n} to be opened', { n: count(item.inbox) })].filter(Boolean).join(' · '),
      tr('It goes out by itself when there is a network.')];
    default: return [item.what, '', sync];
  }
}

function fileTitle(item) {
  if (item.file === 'income_standard.csv') return tr('Income standard');
  if (item.file === 'evaluation_rules.csv') return tr('Rules of evaluation');
  if (item.file === 'privacy_notice.csv') return tr('Privacy notice');
  if (item.file === 'reverify.csv') return tr('Intervals of visits');
  return item.file;
}

const STATES = {
  good: () => ['safe', 'check', tr('ready')],
  soon: () => ['warning', 'warning', tr('see to it')],
  bad: () => ['error', 'error', tr('not ready')],
};

function Item({ item, ready }) {
  const [title, fact, advice] = words(item, ready);
  const [kind, icon, word] = STATES[item.state]();

  return html`<li class="card stack-small" data-what=${item.what} data-state=${item.state}>
    <div class="row spread"><h2>${title}</h2>
      <span class="tag ${kind}"><${Icon} name=${icon} />${word}</span></div>
    <p>${fact}</p>
    ${item.state !== 'good' && html`<p class="quiet">${advice}</p>`}</li>`;
}

export function Ready({ shared }) {
  const { found: ready, trouble, again } = useFound(api.ready);
  const isBad = ready?.items.some((item) => item.state === 'bad');

  return html`<${Frame} title=${tr('Ready without a network')} back="#/settings" shared=${shared}
    foot=${html`<span></span><a class="button primary" href="#/sync"><${Icon} name="sync" /><span>${
      tr('Send and receive')}</span></a>`}>
    <${Failure} trouble=${trouble} onAgain=${again} />
    ${ready && html`<${Notice} kind=${isBad ? 'error' : ''}><p><strong>${isBad
      ? tr('Not everything is here. See what is marked red.')
      : ready.until ? tr('Ready to work without a network until {day}.', { day: day(ready.until) })
        : tr('Send and receive once, then this tablet is ready.')}</strong></p></${Notice}>
      <ul class="list">${ready.items.map((item) => html`<${Item} key=${item.what + item.file}
        item=${item} ready=${ready} />`)}</ul>
      <div><${Button} icon="sync" onClick=${again}>${tr('Look again')}</${Button}></div>`}
  </${Frame}>`;
}
