// What lazy chunks share with the main bundle. A chunk that imports one of these modules gets the main bundle's own copy:
// hooks work with one copy of Preact only, and what holds state must exist once. `scripts/chunk.mjs` reads this file: a
// chunk that asks for a name which is missing here is an error of the build.
import { batch, computed, effect, signal, untracked, useComputed, useSignal } from "@preact/signals";
import { Component, createContext, Fragment, h, render } from "preact";
import {
  useCallback,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "preact/hooks";
import { jsx, jsxs } from "preact/jsx-runtime";
import * as texts from "../texts/texts";
import * as lazy from "./lazy";

/** The modules by the name that a chunk asks for: as this file imports them. */
export const kit: Readonly<Record<string, object>> = {
  "@preact/signals": { batch, computed, effect, signal, untracked, useComputed, useSignal },
  preact: { Component, createContext, Fragment, h, render },
  "preact/hooks": {
    useCallback,
    useContext,
    useEffect,
    useId,
    useLayoutEffect,
    useMemo,
    useReducer,
    useRef,
    useState,
  },
  "preact/jsx-runtime": { Fragment, jsx, jsxs },
  "../texts/texts": texts,
  "./lazy": lazy,
};

/** What a chunk calls for a shared module. */
export function fromKit(name: string): object {
  const found = kit[name];
  if (!found) throw new Error(`The chat shares no ${name}.`);
  return found;
}
