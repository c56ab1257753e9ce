// picture.mjs: a photo, sound or file of a record: the picture itself where it has come, else where
// it is. One whose question is confidential is shown to whoever has said why (reason).
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

export function Picture({ record, attachment, sensitive, reason, name }) {
  const [url, setUrl] = useState(null);
  const [isLarge, setLarge] = useState(false);
  const has = ['here', 'backed_up'].includes(attachment.state);
  const isImage = attachment.type?.startsWith('image/');

  useEffect(() => {
    if (!has || !isImage) return undefined;
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
  }, [attachment.hash, attachment.state]);

  if (!has) return html`<span class="tag tablet"><${Icon} name="camera" />${tr('Photo')}: ${
    whereIs(attachment)}</span>`;
  if (!isImage) return html`<a href=${api.pictureAt(record, attachment.hash)} download>${
    tr('Attached file')} (${Math.ceil(attachment.bytes / 1024)} KB)</a>`;
  return html`<button type="button" class="thumb" aria-label=${tr('Show {name} large', { name })}
      onClick=${() => setLarge(true)}>${url ? html`<img src=${url} alt=${name} loading="lazy" />`
    : tr('One moment…')}</button>
    ${isLarge && html`<${Dialog} wide title=${name} onClose=${() => setLarge(false)}>
      <img class="large" src=${url} alt=${name} />
      <div><${Button} onClick=${() => setLarge(false)}>${tr('Close')}</${Button}></div>
    </${Dialog}>`}`;
}
