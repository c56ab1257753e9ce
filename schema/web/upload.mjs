// upload.mjs: questions that are answered with a photo, a signature, sound or a file. What is taken
// is on disk when it is shown; several where the form asks for a set. Taking one away can be undone
// until the draft is finished.
import { html, useRef, useState } from 'kit/html.mjs';
import { Button, Icon, Notice, toast } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';
import { Camera, hasCamera } from './camera.mjs';
import { Pad } from './signature.mjs';
import { Recorder, hasRecorder } from './audio.mjs';
import { PlaceTag, Thumbs } from './thumbs.mjs';
import { longSideOf, scaled } from './scale.mjs';

const namesOf = (value) => value.split(' ').filter(Boolean);

const BYTES_MAX = 32 * 1024 * 1024; // of sound and files; photos are made smaller

function penOf(question) {
  return /\b(signature|draw|annotate)\b/.exec(question.appearance ?? '')?.[1] ?? '';
}

function Chooser({ accept, several, busy, label, described, onFiles }) {
  return html`<label class="button ${busy ? 'busy' : ''}"><${Icon} name="plus" />
    <span>${label}</span><input class="hidden" type="file" accept=${accept || undefined}
      multiple=${several} disabled=${busy} aria-describedby=${described || undefined}
      onChange=${(event) => {
        const files = [...event.currentTarget.files];
        event.currentTarget.value = '';
        if (files.length > 0) onFiles(files);
      }} /></label>`;
}

// What can be answered with, as buttons; the pad and the camera open over the page.
function Ways({ context, busy, take }) {
  const { question, described } = context;
  const [open, setOpen] = useState(''); // camera, pad
  const [photo, setPhoto] = useState(null); // to draw on
  const accept = question.accept ?? 'image';
  const pen = accept === 'image' ? penOf(question) : '';
  const longSide = longSideOf(question);
  const several = Boolean(question.several);
  const close = () => { setOpen(''); setPhoto(null); };
  const kept = async (blob) => { await take(async () => blob); close(); };
  const files = async (list) => {
    for (const file of list)
      await take(() => (accept === 'image' ? scaled(file, longSide) : whole(file)))
        .catch(() => {});
  };
  async function annotate(list) {
    await take(async () => {
      setPhoto(await createImageBitmap(await scaled(list[0], longSide)));
      setOpen('pad');
      return null;
    }).catch(() => {});
  }
  if (accept === 'audio')
    return html`<div class="row">${hasRecorder() && html`<${Recorder} described=${described}
        onDone=${(blob) => take(async () => blob).catch(() => {})} />`}
      <${Chooser} accept="audio/*" several=${several} busy=${busy} described=${described}
        label=${tr('Choose a recording')} onFiles=${files} /></div>`;
  if (accept !== 'image')
    return html`<div class="row"><${Chooser} accept=${accept === 'video' ? 'video/*' : ''}
      several=${several} busy=${busy} described=${described} onFiles=${files}
      label=${accept === 'video' ? tr('Choose a video') : tr('Choose a file')} /></div>`;
  return html`<div class="row">
    ${pen && pen !== 'annotate' && html`<${Button} icon="pen" kind="answer" busy=${busy}
      aria-describedby=${described || undefined} onClick=${() => setOpen('pad')}>${
      pen === 'signature' ? tr('Sign') : tr('Draw')}</${Button}>`}
    ${!pen && hasCamera() && html`<${Button} icon="camera" kind="answer" busy=${busy}
      aria-describedby=${described || undefined} onClick=${() => setOpen('camera')}>${
      tr('Take a photo')}</${Button}>`}
    ${pen === 'annotate'
      ? html`<${Chooser} accept="image/*" busy=${busy} described=${described}
          label=${tr('Choose a photo to draw on')} onFiles=${annotate} />`
      : html`<${Chooser} accept="image/*" several=${several} busy=${busy} described=${described}
          label=${pen === 'signature' ? tr('A photo of the seal or fingerprint')
            : tr('Choose a photo')} onFiles=${files} />`}
    ${open === 'camera' && html`<${Camera} title=${tr('Take a photo')} longSide=${longSide}
      front=${/\bnew-front\b/.test(question.appearance ?? '')} onDone=${kept} onClose=${close} />`}
    ${open === 'pad' && html`<${Pad} kind=${pen} photo=${photo} onDone=${kept} onClose=${close}
      title=${pen === 'signature' ? tr('Sign') : tr('Draw')} />`}</div>`;
}

async function whole(file) {
  if (file.size === 0) throw new Error(tr('The file is empty. Choose another one.'));
  if (file.size > BYTES_MAX)
    throw new Error(tr('The file is too large: at most {mb} MB.', { mb: 32 }));
  return file;
}

export function Upload({ context }) {
  const { question, value, set, attach } = context;
  const [busy, setBusy] = useState(0);
  const [trouble, setTrouble] = useState('');
  const latest = useRef(value);
  const names = namesOf(value);
  const known = new Map((question.attachments ?? []).map((one) => [one.hash, one]));
  const list = names.map((hash) => known.get(hash) ?? { hash, state: 'elsewhere' });
  const canChange = !question.read_only && attach;

  latest.current = value;
  // make gives the bytes, or null when there are none to keep yet.
  async function take(make) {
    setBusy((count) => count + 1);
    setTrouble('');
    try {
      const blob = await make();
      if (blob) await attach(blob);
    } catch (failure) {
      setTrouble(failure.message);
      throw failure;
    } finally {
      setBusy((count) => count - 1);
    }
  }
  function remove(hash) {
    set(names.filter((one) => one !== hash).join(' '));
    toast(tr('Removed.'), { label: tr('Undo'), run: () => set(question.several
      ? [...namesOf(latest.current), hash].join(' ') : hash) });
  }
  return html`<div class="stack-small upload" id=${context.id}>
    ${list.length > 0 && html`<${Thumbs} list=${list} address=${context.address}
      below=${(one, name) => html`<${PlaceTag} state=${one.state} />${canChange &&
        html`<button type="button" class="button plain danger" aria-label=${tr('Remove {name}',
          { name })} onClick=${() => remove(one.hash)}><${Icon} name="trash" />
          <span>${tr('Remove')}</span></button>`}`} />`}
    ${question.read_only && list.length === 0 && html`<output class="given">—</output>`}
    ${canChange && html`<${Ways} context=${context} busy=${busy > 0} take=${take} />`}
    <div role="status">${busy > 0 && html`<span class="quiet">${tr('Keeping it…')}</span>`}</div>
    <div role="alert">${trouble && html`<${Notice} kind="error">${trouble}</${Notice}>`}</div>
    </div>`;
}
