// found.mjs: what a page has to ask for before it can show anything, and asks for again.
//
//   const { found, trouble, setTrouble, again, look } = useFound(() => get(path), [path]);
//   html`<${Failure} trouble=${trouble} onAgain=${again} />${found && ...}`
//
// found is undefined until the first answer, and stays while the next one is on its way. again asks
// once more and says in trouble what failed. What is masked is loaded with a reason: load(reason),
// empty at first; look(reason) asks with another one and throws what fails, since whoever said why
// sees it beside his words. Of answers that overtake each other the one asked for last counts.
import { useEffect, useRef, useState } from './html.mjs';

export function useFound(load, watched = []) {
  const [state, setState] = useState({ reason: '' });
  const [trouble, setTrouble] = useState(null);
  const turn = useRef(0);

  async function look(reason) {
    const mine = ++turn.current;
    let found;

    try {
      found = await load(reason);
    } catch (failure) {
      if (mine !== turn.current) return;
      throw failure;
    }
    if (mine !== turn.current) return;
    setState({ found, reason });
    setTrouble(null);
  }
  useEffect(() => {
    look('').catch(setTrouble);
    return () => { turn.current++; };
  }, watched);
  return { ...state, trouble, setTrouble, look, again: () => look(state.reason).catch(setTrouble) };
}
