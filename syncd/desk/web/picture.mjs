// picture.mjs: a photo, sound or file of a record: the picture itself where it has come, else where
// it is. One whose question is confidential is shown to whoever has said why (reason). Photos of two
// sides are compared beside each other, all at the same zoom.
import { html, useEffect, useState } from 'kit/html.mjs';
import { Button, Dialog, Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './case_api.mjs';

function whereIs(attachment) {
  switch (attachment.state) {
    case 'tablet': return tr('still on {device}', { device: attachment.device });
    case 'erased': return tr('erased by law');
    case 'unknown': return tr('has not been announced yet');
    default: return '';
  }
}

const isHere = (attachment) => ['here', 'backed_up'].includes(attachment.state);

export const isShown = (attachment) => isHere(attachment) && attachment.type?.startsWith('image/');

// The address of a picture, null until there is one.
function useAddress({ record, attachment, sensitive, reason }) {
  const [url, setUrl] = useState(null);

  useEffect(() => {
    if (!isShown(attachment)) return undefined;
    if (!sensitive) {
      setUrl(api.pictureAt(record, attachment.hash));
      return undefined;
    }
    let made = null;
    let gone = false;

    api.picture(record, attachment.hash, reason).then((blob) => {
      made = URL.createObjectURL(blob);
      if (gone) URL.revokeObjectURL(made);
      else setUrl(made);
    }, () => {});
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [attachment.hash, attachment.state, sensitive, reason]);
  return url;
}

export function Picture({ record, attachment, sensitive, reason, name }) {
  const [isLarge, setLarge] = useState(false);
  const url = useAddress({ record, attachment, sensitive, reason });

  if (!isHere(attachment)) return html`<span class="tag tablet"><${Icon} name="camera" />${
    tr('Photo')}: ${whereIs(attachment)}</span>`;
  if (!isShown(attachment)) return html`<a href=${api.pictureAt(record, attachment.hash)} download>${
    tr('Attached file')} (${Math.ceil(attachment.bytes / 1024)} KB)</a>`;
  return html`<button type="button" class="thumb" aria-label=${tr('Show {name} large', { name })}
      onClick=${() => setLarge(true)}>${url ? html`<img src=${url} alt=${name} loading="lazy" />`
    : tr('One moment…')}</button>
    ${isLarge && html`<${Dialog} wide title=${name} onClose=${() => setLarge(false)}>
      <img class="large" src=${url} alt=${name} />
      <div><${Button} onClick=${() => setLarge(false)}>${tr('Close')}</${Button}></div>
    </${Dialog}>`}`;
}

// ---- side by side ----

function Enlarged({ zoom, name, ...what }) {
  const url = useAddress(what);

  return html`<div class="compared" tabindex="0" role="region" aria-label=${name}>${url
    ? html`<img src=${url} alt=${name} class="zoom-${zoom}" />` : tr('One moment…')}</div>`;
}

// sides: [{name, evidence}]
export function Compare({ record, sides, reason, onClose }) {
  const [zoom, setZoom] = useState(1);

  return html`<${Dialog} full title=${tr('Photos of all sides')} onClose=${onClose}>
    <div class="columns-equal">${sides.map((side) => html`<section key=${side.name} class="stack">
      <h3>${side.name}</h3>${side.evidence.filter(isShown).map((one, i) => html`<${Enlarged}
      key=${one.hash} record=${record} attachment=${one} sensitive=${one.sensitive} reason=${reason}
      zoom=${zoom} name=${`${side.name}: ${tr('Evidence {n}', { n: i + 1 })}`} />`)}</section>`)}</div>
    <div class="row spread"><div class="row" role="group" aria-label=${tr('Zoom')}>${[1, 2, 4].map(
      (one) => html`<${Button} key=${one} kind=${zoom === one ? 'primary' : ''}
        aria-pressed=${String(zoom === one)} onClick=${() => setZoom(one)}>${one}×</${Button}>`)}
      </div><${Button} onClick=${onClose}>${tr('Close')}</${Button}></div></${Dialog}>`;
}
