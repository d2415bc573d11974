// Lazy chunk: LiveKit's client. Fetched where the hub says that a LiveKit server carries the calls.
export { createRoomCarrier } from "../calls/room";
