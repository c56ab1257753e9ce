// thumbs.mjs: attachments as small pictures, each with a word about where it is. A tap shows it
// large; sound plays where it stands.
import { html, useState } from 'kit/html.mjs';
import { Button, Dialog, Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

export function placeOf(state) {
  switch (state) {
    case 'draft': return ['tablet', tr('kept with this draft')];
    case 'tablet': return ['tablet', tr('on this tablet')];
    case 'server': return ['server', tr('in the county')];
    case 'backed_up': return ['safe', tr('backed up')];
    case 'copy': return ['server', tr('in the county, copy here')];
    case 'refused': return ['error', tr('not taken by the county')];
    default: return ['', tr('on another tablet')];
  }
}

export function PlaceTag({ state }) {
  const [kind, words] = placeOf(state);
  const icon = { safe: 'safe', server: 'server', error: 'error' }[kind] ?? 'tablet';

  return html`<span class="tag ${kind}"><${Icon} name=${icon} />${words}</span>`;
}

const isHere = (one) => one.state !== 'elsewhere';

function sizeWords(bytes) {
  return bytes >= 1000000 ? `${(bytes / 1000000).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} kB`;
}

function typeWords(type) {
  if (type === 'application/pdf') return 'PDF';
  return type?.startsWith('image/') ? tr('photo') : type?.startsWith('audio/') ? tr('sound')
    : tr('file');
}

function Content({ one, name, address, onOpen }) {
  if (!isHere(one)) return html`<div class="thumb-empty"><${Icon} name="camera" /></div>`;
  if (one.type?.startsWith('image/'))
    return html`<button type="button" class="thumb-open" aria-label=${tr('Show {name} large',
      { name })} onClick=${() => onOpen(one)}>
      <img src=${address(one.hash)} alt=${name} loading="lazy" decoding="async" /></button>`;
  if (one.type?.startsWith('audio/'))
    return html`<audio controls preload="metadata" src=${address(one.hash)} aria-label=${name}>
      </audio>`;
  return html`<div class="thumb-empty"><${Icon} name="list" /><span>${typeWords(one.type)} ${
    sizeWords(one.bytes ?? 0)}</span></div>`;
}

// list: [{hash, state, type, bytes, name}]; address(hash) is where its bytes are. Below each stands
// what below(one, name) gives.
export function Thumbs({ list, address, below }) {
  const [open, setOpen] = useState(null);
  const nameOf = (one, index) => one.name ?? `${typeWords(one.type)} ${index + 1}`;

  return html`<ul class="thumbs">${list.map((one, index) => html`<li key=${one.hash + (one.path ??
      '')} class="thumb" data-hash=${one.hash} data-state=${one.state}>
      <${Content} one=${one} name=${nameOf(one, index)} address=${address}
        onOpen=${() => setOpen({ one, name: nameOf(one, index) })} />
      ${below?.(one, nameOf(one, index))}</li>`)}</ul>
    ${open && html`<${Dialog} title=${open.name} onClose=${() => setOpen(null)} wide>
      <img class="large" src=${address(open.one.hash)} alt=${open.name} />
      <div><${Button} onClick=${() => setOpen(null)}>${tr('Close')}</${Button}></div>
      </${Dialog}>`}`;
}
