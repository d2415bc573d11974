import type { Catalogue } from "../texts";

export const waiting = {
  "1,000 messages of this conversation wait for the Jupyter server, the most that are kept: delete some, or send again when they have left.":
    "此会话已有 1,000 条消息等待 Jupyter 服务器，达到保存上限：请删除一些，或等它们发出后再发送。",
  "What waits for the Jupyter server would have more than 50 MiB with this, the limit for each conversation: delete some of it, or send again when it has left.":
    "加上这条，等待 Jupyter 服务器的内容将超过每个会话 50 MiB 的上限：请删除一些，或等它们发出后再发送。",
  "The Jupyter server may have this message already: its place cannot change any more.":
    "Jupyter 服务器可能已收到此消息：其位置不能再改变。",
  "The Jupyter server may have done this already: it cannot be taken back here.":
    "Jupyter 服务器可能已完成此操作：无法在此撤回。",
  "It was deleted, and the deletion waits.": "它已被删除，删除操作正在等待。",
  "That does not wait here any more: it was sent or deleted.": "它已不在此等待：已发送或已删除。",
  "That is about a message which waits after it.": "它涉及排在其后的消息。",
  "That conversation was not seen here yet. It can be opened when the Jupyter server is back.":
    "此会话尚未在这里查看过。Jupyter 服务器恢复后即可打开。",
  "The Jupyter server keeps that: it can be changed when the server is back.":
    "它保存在 Jupyter 服务器上：服务器恢复后可以修改。",
  "This browser keeps nothing of this page (a private window, or its storage is blocked or full): leave the page open until what waits here is sent.":
    "此浏览器不为此页面保存任何内容（无痕窗口，或其存储被禁用或已满）：在此处等待的内容发送之前，请勿关闭此页面。",
  "Only messages and edits have a text.": "只有消息和编辑才有文本。",
  "The browser has no room left to keep this: delete some of what waits, or free some of the disk.":
    "浏览器没有空间保存：请删除一些等待的内容，或释放磁盘空间。",
  "The browser has not kept a file of this message: delete the message, and send it again with the file.":
    "浏览器没有保留此消息的一个文件：请删除此消息，并连同文件重新发送。",
  "The Jupyter server does not take a file of this message: try again later.":
    "Jupyter 服务器不接收此消息的一个文件：请稍后再试。",
} as const satisfies Catalogue;
