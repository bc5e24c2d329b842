import type * as surface from "./surface.js";

export { FaregateError } from "./surface.js";
export type * from "./surface.js";

export const version: string;
export const Engine: surface.Faregate["Engine"];
export type Engine = surface.Engine;
export const Decision: surface.Faregate["Decision"];
export type Decision = surface.Decision;
export const Run: surface.Faregate["Run"];
export type Run = surface.Run;
export const Live: surface.Faregate["Live"];
export type Live = surface.Live;
export const Tracker: surface.Faregate["Tracker"];
export type Tracker = surface.Tracker;
export const check: surface.Faregate["check"];
export const classifyResponse: surface.Faregate["classifyResponse"];
export const classifyEvent: surface.Faregate["classifyEvent"];
export const classifyTransport: surface.Faregate["classifyTransport"];
