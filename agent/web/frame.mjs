// frame.mjs: what every page of the app has: a head with the way back and the badge, the page.
import { html, useLayoutEffect, useRef } from 'kit/html.mjs';
import { Badge, Icon } from 'kit/components.mjs';
import { tr } from 'kit/words.mjs';

// Esc goes back, unless something open on the page wants it first. wide: lists; else text width.
export function Frame({ title, back, onBack, shared, right, foot, wide, children }) {
  const heading = useRef();

  // Both before the next key is heard: whoever types on while the page turns loses nothing.
  useLayoutEffect(() => {
    const key = (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      if (onBack) onBack();
      else if (back) location.hash = back;
    };

    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [back, onBack]);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return html`<header class="head"><div class="head-line ${wide ? 'wide' : ''}">
      ${(back || onBack) && html`<a class="button plain back" href=${back || '#/'}
        onClick=${(event) => onBack && (event.preventDefault(), onBack())}>
        <${Icon} name="back" /><span class="hidden">${tr('Back')}</span></a>`}
      <h1 tabindex="-1" ref=${heading} class="grow">${title}</h1>
      ${right ?? html`<${Badge} status=${shared.status} href="#/sync" />`}
    </div></header>
    <main class="page ${wide ? 'wide' : ''}">${children}</main>
    ${foot && html`<footer class="foot"><div class="foot-line ${wide ? 'wide' : ''}">${foot}</div>
      </footer>`}`;
}
