// Lazy chunk: Chinese (Simplified).
export { catalogue } from "../../texts/zh";
