// app.mjs: the tablet's pages: which one is shown, who is at work, and what all of them share.
import { html, render, useEffect, useLayoutEffect, useRef, useState } from 'kit/html.mjs';
import { Failure, Toasts } from 'kit/components.mjs';
import { onLocked } from 'kit/request.mjs';
import { recallPreferences } from 'kit/preferences.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { onTurn, routeNow } from './route.mjs';
import { Unlock, NoEntry } from './unlock.mjs';

const STATUS_MS = 20000;

// first: who is at work, or what went wrong, as asked before the first drawing.
function App({ first }) {
  const [route, setRoute] = useState(routeNow());
  const [me, setMe] = useState(first.me ?? null);
  const [status, setStatus] = useState({});
  const [trouble, setTrouble] = useState(first.trouble ?? null);
  const [pages, setPages] = useState(null);
  const left = useRef(null); // what had the focus when the page was turned

  async function look() {
    try {
      setMe(await api.me());
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  // Neither question counts as use. Once the tablet has locked itself, nothing of anybody stays on
  // the screen.
  async function refresh() {
    try {
      setStatus(await api.status());
      const now = await api.me();
      setMe((before) => (before?.person?.id === now.person?.id ? before : now));
    } catch {
      // The page that is shown says what does not work; the badge keeps its last numbers.
    }
  }
  useEffect(() => {
    const turn = () => {
      left.current = document.activeElement;
      setRoute(routeNow());
      window.scrollTo(0, 0);
    };

    onLocked(() => setMe((before) => (before ? { ...before, person: null } : before)));
    const endTurns = onTurn(turn);
    // While somebody types his secret.
    import('./pages.mjs').then((part) => setPages(part.default.PAGES), () => setTrouble({
      message: tr('The program does not answer. What is saved is safe.') }));
    const timer = setInterval(refresh, STATUS_MS);
    return () => {
      endTurns();
      clearInterval(timer);
    };
  }, []);
  // A new page has put the focus where it begins; one that stays and shows something else begins
  // again at its heading. Before the next key, so that none is lost.
  useLayoutEffect(() => {
    const at = document.activeElement;

    if (left.current && (at === left.current || at === document.body))
      document.querySelector('h1')?.focus();
    left.current = null;
  }, [route]);
  useEffect(() => {
    if (me?.person) refresh();
  }, [me, route]);

  if (trouble?.code === 'launch')
    return html`<${NoEntry} trouble=${trouble} />`;
  if (trouble) return html`<main class="narrow"><${Failure} trouble=${trouble}
    onAgain=${() => location.reload()} /></main>`;
  if (!me) return html`<main class="narrow"><p class="quiet">${tr('One moment…')}</p></main>`;
  if (!me.person) return html`<${Unlock} me=${me} onOpen=${look} />`;

  if (!pages) return html`<main class="narrow"><p class="quiet">${tr('One moment…')}</p></main>`;

  const Page = pages[route.name] ?? pages.home;
  return html`<${Page} key=${`${route.name}/${route.words[0] ?? ''}`} words=${route.words}
    shared=${{ me, status, refresh, look }} />`;
}

recallPreferences();
// The program is asked while the browser still lays things out; an empty page is drawn once less.
api.me().then((me) => ({ me }), (trouble) => ({ trouble })).then((first) =>
  render(html`<${App} first=${first} /><${Toasts} />`, document.getElementById('app')));
