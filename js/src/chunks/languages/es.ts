// Lazy chunk: Spanish.
export { catalogue } from "../../texts/es";
