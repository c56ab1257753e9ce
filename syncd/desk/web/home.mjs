// home.mjs: what needs me today.
import { html } from 'kit/html.mjs';
import { tr } from 'kit/words.mjs';
import { Frame } from './frame.mjs';

export function Home() {
  return html`<${Frame} title=${tr('Today')}><p class="quiet">${
    tr('Nothing waits for you.')}</p></${Frame}>`;
}
