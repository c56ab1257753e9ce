// sync.mjs: sending and receiving: what waits and why, now, and by a stick.
import { html, useEffect, useRef, useState } from 'kit/html.mjs';
import { Button, Failure, Icon, Notice, toast } from 'kit/components.mjs';
import { count, day } from 'kit/format.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { Frame } from './frame.mjs';

const LOOK_MS = 700;

function Now({ status }) {
  return html`<div class="now">
    <div class="card"><${Icon} name="tablet" /><b>${count(status.unsent)}</b>
      <span>${tr('only on this tablet')}</span></div>
    <div class="card"><${Icon} name="server" /><b>${count(status.on_server)}</b>
      <span>${tr('in the county')}</span></div>
    <div class="card"><${Icon} name="safe" /><b>${count(status.backed_up)}</b>
      <span>${tr('backed up there')}</span></div></div>`;
}

function waiting(status) {
  const n = count(status.unsent);

  switch (status.waiting) {
    case 'unlock': return tr('{n} changes are sent when their author unlocks.', { n });
    case 'answer': return tr('{n} changes are sent; the county has not answered yet.', { n });
    case 'revoked': return tr('{n} changes wait for a stick: the county has closed this tablet.', {
      n });
    case 'bundle': return tr('{n} changes lie in a file on a stick; the answer is still to come.', {
      n });
    case 'nothing': return tr('Nothing waits: the county has everything.');
    default: return tr('{n} changes wait for a network, or for a stick.', { n });
  }
}

function Why({ status }) {
  const lines = [];

  lines.push(waiting(status));
  if (status.attachments?.waiting > 0)
    lines.push(tr('{n} photos and files wait ({mb} MB); they go behind the text, by network or stick.',
      { n: count(status.attachments.waiting),
        mb: Math.max(0.1, status.attachments.waiting_bytes / 1000000).toFixed(1) }));
  if (status.attachments?.on_server + status.attachments?.backed_up > 0)
    lines.push(tr('{n} photos and files of this tablet are in the county, {safe} of them backed up.',
      { n: count(status.attachments.on_server + status.attachments.backed_up),
        safe: count(status.attachments.backed_up) }));
  if (status.attachments?.refused > 0)
    lines.push(tr('{n} photos and files were not taken by the county; tell the staff.',
      { n: count(status.attachments.refused) }));
  if (status.quarantined > 0)
    lines.push(tr('{n} changes wait for the county’s staff to look at them.',
      { n: count(status.quarantined) }));
  if (status.returned > 0)
    lines.push(tr('{n} changes were given back; they stand on the first page.',
      { n: count(status.returned) }));
  if (status.inbox > 0)
    lines.push(tr('{n} pieces have come and are opened when somebody unlocks.',
      { n: count(status.inbox) }));
  if (status.carried > 0)
    lines.push(tr('{n} batches of other tablets are carried along.', { n: count(status.carried) }));
  if (status.snapshot_pieces > status.snapshot_taken)
    lines.push(tr('{taken} of {all} pieces of the records of your areas have come.',
      { taken: count(status.snapshot_taken), all: count(status.snapshot_pieces) }));
  if (status.ready_until)
    lines.push(tr('Ready to work without a network until {day}.', { day: day(status.ready_until)
      }));
  return html`<ul class="stack">${lines.map((line) => html`<li key=${line}>${line}</li>`)}</ul>`;
}

export function Sync({ shared }) {
  const { status } = shared;
  const [busy, setBusy] = useState('');
  const [trouble, setTrouble] = useState(null);
  const [said, setSaid] = useState('');
  const file = useRef();
  const alive = useRef(true);

  useEffect(() => () => { alive.current = false; }, []);
  async function run(name, work) {
    if (busy) return;
    setBusy(name);
    setTrouble(null);
    setSaid('');
    try {
      await work();
    } catch (failure) {
      setSaid('');
      setTrouble(failure);
    }
    setBusy('');
    shared.refresh();
  }
  async function sync() {
    await api.syncNow();
    for (;;) {
      const now = await api.status();

      if (!now.syncing) {
        if (now.trouble) throw Object.assign(new Error(now.trouble.message), now.trouble);
        setSaid(tr('Done. Everything that could be sent is sent.'));
        return;
      }
      setSaid(now.sync_total > 0 ? tr('{done} of {total}', {
        done: count(now.sync_done), total: count(now.sync_total) }) :
          tr('Speaking with the county…'));
      await new Promise((done) => setTimeout(done, LOOK_MS));
      if (!alive.current) return;
    }
  }
  async function write() {
    const blob = await api.writeBundle();
    const link = document.createElement('a');

    link.href = URL.createObjectURL(blob);
    link.download = `yangguang-${new Date().toISOString().slice(0, 16).replace(/[T:]/g, '-')}.ygb`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    setSaid(tr(
      'The file is in the folder of downloads. Put it on a stick and take it to the county.'));
  }
  async function read(event) {
    const chosen = event.currentTarget.files[0];

    event.currentTarget.value = '';
    if (!chosen) return;
    run('read', async () => {
      await api.readBundle(chosen);
      toast(tr('The file was read.'));
      setSaid(tr('The file was read.'));
    });
  }
  return html`<${Frame} title=${tr('Send and receive')} back="#/" shared=${shared}
    right=${html`<span></span>`} foot=${html`<span></span><${Button} kind="primary" icon="sync"
      busy=${busy === 'sync'} onClick=${() => run('sync', sync)}>${busy === 'sync'
        ? tr('Sending and receiving…') : tr('Send and receive now')}</${Button}>`}>
    <${Now} status=${status} />
    <div role="status">${said && html`<${Notice} icon=${busy ? 'sync' : 'check'}>${said}</${Notice}>`}</div>
    <${Failure} trouble=${trouble} />
    ${trouble && html`<p class="quiet">${
      tr('Nothing is lost. It goes on by itself when there is a network.')}</p>`}
    ${!trouble && status.trouble && html`<${Notice} kind="warning"><p>${
      tr('The last time it did not work:')}</p><p>${status.trouble.message}</p>
      <p>${tr('Nothing is lost. It goes on by itself when there is a network.')}</p></${Notice}>`}
    ${status.revoked && html`<${Notice} kind="error">${
      tr('The county has closed this tablet. What waits here can still be carried by a stick.')
    }</${Notice}>`}
    <section class="card stack"><h2>${tr('What waits')}</h2><${Why} status=${status} /></section>
    <section class="card stack"><h2><${Icon}
      name="stick" /> ${tr('Without a network: by a stick')}</h2>
      <p class="quiet">${
        tr(
          'Only the county can read the file. It counts as sent when the county’s answer was read here.')
      }</p>
      <div class="row"><${Button} icon="down" busy=${busy === 'write'}
        onClick=${() => run('write', write)}>${tr('Write a file')}</${Button}>
      <label class="button"><${Icon} name="up" /><span>${busy === 'read' ? tr('Reading…')
        : tr('Read a file')}</span><input class="hidden" type="file" accept=".ygb" ref=${file}
        onChange=${read} /></label></div></section>
  </${Frame}>`;
}
