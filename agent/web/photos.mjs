// photos.mjs: what was attached to a record: photos, signatures, sound, files, with what they show
// and where each of them is.
import { html, useState } from 'kit/html.mjs';
import { Button, Failure } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { plain } from 'form/markdown.mjs';
import { PlaceTag, Thumbs } from 'form/thumbs.mjs';
import * as api from './api.mjs';

// All of a record's values, with the label of the question and of what stands around it.
export function photosOf(items, around = '') {
  return (items ?? []).flatMap((item) => {
    const label = plain(item.label ?? '');

    if (item.kind === 'group') return photosOf(item.values, around);
    if (item.kind === 'repeat') return item.instances.flatMap((one, index) =>
      photosOf(one.values, `${label} ${index + 1} · `));
    const parts = item.kind === 'set' ? item.elements : [item];
    return parts.flatMap((one) => one.attachments ?? []).map((one, index, all) => ({ ...one,
      path: item.path, name: `${around}${label}${all.length > 1 ? ` ${index + 1}` : ''}` }));
  });
}

// onChange: one has been brought here.
export function Photos({ list, record, onChange }) {
  const [busy, setBusy] = useState('');
  const [trouble, setTrouble] = useState(null);

  async function bring(hash) {
    setBusy(hash);
    setTrouble(null);
    try {
      await api.fetchAttachment(record, hash);
      onChange();
    } catch (failure) {
      setTrouble(failure);
    }
    setBusy('');
  }
  return html`<div class="card stack"><${Failure} trouble=${trouble} />
    <${Thumbs} list=${list} address=${api.attachmentAddress} below=${(one, name) => html`
      <span>${name}</span><${PlaceTag} state=${one.state} />
      ${one.state === 'elsewhere' && html`<${Button} icon="down" busy=${busy === one.hash}
        disabled=${busy && busy !== one.hash} onClick=${() => bring(one.hash)}>${
        busy === one.hash ? tr('Fetching…') : tr('Fetch it')}</${Button}>`}`} /></div>`;
}
