// Lazy chunk: German.
export { catalogue } from "../../texts/de";
