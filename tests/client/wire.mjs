// wire.mjs: the bytes of docs/protocol.md, sections 1 to 8.
export * from './words.mjs';
export * from './change.mjs';
export * from './frame.mjs';
