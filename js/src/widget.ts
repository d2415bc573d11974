// Entry of the anywidget bundle.
export { default } from "./host-anywidget";
