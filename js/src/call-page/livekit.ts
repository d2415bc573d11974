// LiveKit's client for the page of a call: fetched when the site has such a server.
export { createRoomCarrier } from "../calls/room";
