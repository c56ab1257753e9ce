// html.mjs: the one place that knows the view library. Pages write html`<p>${text}</p>`; every
// value is text, never markup, so nothing that a person typed can become a part of the page.
import { h, render } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
export { render };
export { useState, useReducer, useEffect, useLayoutEffect, useRef, useMemo } from 'preact/hooks';
