import type { Catalogue } from "../texts";

export const told = {
  "{away} broke off{why}; {to} goes on from there.": "{away} 中断{why}；{to} 从该处继续。",
  "{away} broke off{why}; no other provider could go on.": "{away} 中断{why}；没有其他提供方可以继续。",
  "{away} did not answer{why}; {to} answers instead.": "{away} 没有回答{why}；由 {to} 代为回答。",
  "{away} did not answer{why}; no other provider could answer.":
    "{away} 没有回答{why}；没有其他提供方可以回答。",
  "You have used {used} % of the {kind} this hub allows you.": "{kind}：已用去此中心允许您的 {used} %。",
  "You have used {used} % of the {kind} this hub allows you ({left} of {limit} left).":
    "{kind}：已用去此中心允许您的 {used} %（剩余 {left}，共 {limit}）。",
  "{provider} has used {used} % of its {kind}.": "{provider}，{kind}：已用 {used} %。",
  "{provider} has used {used} % of its {kind} ({left} of {limit} left).":
    "{provider}，{kind}：已用 {used} %（剩余 {left}，共 {limit}）。",
  "You have {left} {kind} left.": "{kind}：还剩 {left}。",
  "{provider} has {left} {kind} left.": "{provider}，{kind}：还剩 {left}。",
  "At this rate the rest lasts about {time}.": "按此速度，剩余约可用 {time}。",
  "{provider} now has {added} and no longer has {removed}.": "{provider} 新增 {added}，不再提供 {removed}。",
  "{provider} now has {added}.": "{provider} 新增 {added}。",
  "{provider} no longer has {removed}.": "{provider} 不再提供 {removed}。",
  "code of cell {number}": "单元格 {number} 的代码",
  "code and result of cell {number}": "单元格 {number} 的代码和结果",
  "file {name}": "文件 {name}",
  "image file {name}": "图像文件 {name}",
  "image, {width} × {height} pixels": "图像，{width} × {height} 像素",
  plot: "图表",
  "plot with {number} axes": "含 {number} 个坐标系的图表",
  "{type} with its code": "{type} 及其代码",
  "message of the {role}": "消息（{role}）",
  "{name}: rows {rows}, columns {columns}": "{name}：{rows} 行，{columns} 列",
  "The hub ended the connection.": "中心结束了连接。",
  "The hub is restarting.": "中心正在重新启动。",
  "The access token expired.": "访问令牌已过期。",
  "The connection reads too slowly.": "连接读取过慢。",
  "The client was silent for too long.": "客户端沉默时间过长。",
  "You were removed from this conversation, or an owner deleted it.":
    "您已被移出此会话，或会话已被所有者删除。",
  "Authentication required": "需要身份验证。",
  "Invalid authentication": "身份验证无效。",
  Unauthorized: "您无权执行此操作。",
  "This access may read and not write.": "此访问权限只读。",
  "Rate limit exceeded. Please try again later.": "请求过于频繁，请稍后再试。",
  "The operation timed out. Please try again.": "操作超时，请重试。",
  "The hub's disk is full. It goes on when there is room again.": "中心的磁盘已满，有空间后会继续。",
  "The operation was cancelled.": "操作已取消。",
  "Too many requests are waiting; try again in a moment.": "等待的请求过多，请稍候重试。",
  "That did not work; the kernel's log says why.": "操作失败，原因见内核日志。",
  "The hub is out of reach.": "无法连接到中心。",
  "That message is too far back to be shown here; export the chat to read it.":
    "该消息过于久远，无法在此显示；请导出对话查看。",
  "There is nothing to read here yet. It opens by itself once somebody has written.":
    "这里还没有可读的内容。有人写下内容后会自动打开。",
  "Your Jupyter account may read here and not write.": "你的 Jupyter 账户在此可以阅读，不能写入。",
  "A file of this message is not here any more: take it off, attach it again and send.":
    "此消息的一个文件已不在这里：请将其移除，重新附加后再发送。",
} as const satisfies Catalogue;
