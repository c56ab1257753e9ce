// media.mjs: what a form shows beside its questions and choices: pictures, sounds, films. They come
// to a tablet by themselves, after the form; one that is not there says so, with its name.
import { html, useState } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

export const hasMedia = (one) => Boolean(one.image || one.audio || one.video);

function missingWords(kind, name) {
  if (kind === 'image') return tr('The picture {name} is not here yet.', { name });
  return kind === 'audio' ? tr('The sound {name} is not here yet.', { name })
    : tr('The film {name} is not here yet.', { name });
}

function Medium({ kind, name, address, words }) {
  const src = address?.(name);
  const [isMissing, setMissing] = useState(false);

  if (!src || isMissing)
    return html`<span class="medium-missing quiet small" data-missing=${name}><${Icon}
      name="warning" />${missingWords(kind, name)}</span>`;
  const lost = () => setMissing(true);
  if (kind === 'image')
    return html`<img class="medium" src=${src} alt=${words ? '' : name.replace(/\.\w+$/, '')}
      decoding="async" onError=${lost} />`;
  return kind === 'audio'
    ? html`<audio class="medium" controls preload="metadata" src=${src} onError=${lost}
        aria-label=${words || name}></audio>`
    : html`<video class="medium" controls preload="metadata" playsinline src=${src} onError=${lost}
        aria-label=${words || name}></video>`;
}

// of: a question or a choice; address(name): where a medium of the form is; words: what stands
// beside it; only: 'image', or 'played' for what is not; else all.
export function Media({ of, address, words, only }) {
  const kinds = ['image', 'audio', 'video'].filter((kind) => of[kind] &&
    (!only || (only === 'image') === (kind === 'image')));

  return kinds.map((kind) => html`<${Medium} key=${`${kind}/${of[kind]}`} kind=${kind} name=${of[kind]}
    address=${address} words=${words} />`);
}
