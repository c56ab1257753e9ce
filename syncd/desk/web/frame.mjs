// frame.mjs: what every page of the console has: the bar with what one may do here, who one is, and
// the page. pages are the rows of PAGES in app.mjs; a page without a label stands in no bar.
import { html, useEffect, useLayoutEffect, useRef, useState } from 'kit/html.mjs';
import { Icon } from 'kit/components.mjs';
import { setLanguage } from 'kit/preferences.mjs';
import { languageNow, tr } from 'kit/words.mjs';
import { href } from './route.mjs';
import { roleName } from './words.mjs';

// 中文 or English; again draws everything anew.
export function LanguageSwitch({ again }) {
  const other = languageNow() === 'zh' ? 'en' : 'zh';

  return html`<button type="button" class="button plain" lang=${other === 'zh' ? 'zh-CN' : 'en'}
    onClick=${() => { setLanguage(other); again(); }}>${
    other === 'zh' ? '中文' : 'English'}</button>`;
}

export function Bar({ pages, current, shared }) {
  const { me } = shared;
  const shown = Object.entries(pages).filter(([, page]) => page.label && page.may(me, []));

  return html`<header class="bar"><a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      document.getElementById('main')?.focus();
    }}>${tr('To the page')}</a>
    <a class="brand" href=${href('home')}><svg class="brand-sun" viewBox="0 0 24 24"
      aria-hidden="true"><circle cx="12" cy="12" r="5" /><path
      d="M12 1v4M12 19v4M1 12h4M19 12h4M4 4l3 3M17 17l3 3M20 4l-3 3M7 17l-3 3" /></svg>${
      tr('Sunshine console')}</a>
    <nav class="places" aria-label=${tr('What there is here')}>${shown.map(([name, page]) => html`
      <a key=${name} class="place" href=${href(name)}
        aria-current=${(page.under ?? name) === current ? 'page' : undefined}>
        <${Icon} name=${page.icon} />${page.label()}</a>`)}</nav>
    <div class="whoami"><a class="button plain" href=${href('me')}><${Icon} name="person" />
      <span>${me.name} · ${roleName(me.role)}</span></a>
      <${LanguageSwitch} again=${shared.again} />
      <button type="button" class="button plain" onClick=${shared.leave}>
        <${Icon} name="lock" />${tr('Log out')}</button></div>
  </header>`;
}

// A page: title, what can be done with all of it (actions), and to the left of it, if it has one, a
// column for choosing (side). Esc goes back to where it belongs (back: an address).
export function Frame({ title, back, actions, side, wide, children }) {
  const heading = useRef();

  // Both before the next key is heard: whoever types on while a page turns is not set back.
  useLayoutEffect(() => {
    const key = (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing || !back) return;
      location.hash = back;
    };

    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [back]);
  useLayoutEffect(() => {
    // A list that one comes back to has given the focus to the row one went into.
    if (!document.getElementById('main')?.contains(document.activeElement))
      heading.current?.focus({ preventScroll: true });
  }, [title]);
  return html`<div class="desk ${side ? 'with-side' : ''} ${wide ? 'wide' : ''}">
    ${side && html`<aside class="side" aria-label=${tr('Choose')}>${side}</aside>`}
    <main class="work" id="main" tabindex="-1"><div class="work-head">
      ${back && html`<a class="button plain" href=${back}><${Icon} name="back" />
        <span class="hidden">${tr('Back')}</span></a>`}
      <h1 class="grow" tabindex="-1" ref=${heading}>${title}</h1>
      ${actions}</div>
      ${children}</main></div>`;
}

// A button that opens something small beneath it. Esc and a click elsewhere close it.
export function Menu({ label, icon, children }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef();

  useEffect(() => {
    if (!isOpen) return undefined;
    const close = (event) => {
      if (event.type === 'keydown' ? event.key === 'Escape' : !root.current?.contains(event.target)) {
        event.preventDefault();
        setOpen(false);
      }
    };

    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, [isOpen]);
  return html`<div class="menu" ref=${root}><button type="button" class="button plain"
      aria-expanded=${isOpen ? 'true' : 'false'} onClick=${() => setOpen(!isOpen)}>
      ${icon && html`<${Icon} name=${icon} />`}${label}<${Icon} name="down" /></button>
    ${isOpen && html`<div class="menu-body card">${children}</div>`}</div>`;
}
