import type { Catalogue } from "../texts";

export const connection = {
  "Kernel busy": "内核忙碌",
  "A cell is running. What you do here waits until it ends; Kernel → Interrupt ends it now.":
    "有单元格正在运行，此处的操作会等它结束；选择“Kernel → Interrupt”可立即中断。",
  "Kernel not answering": "内核无响应",
  "The kernel does not answer: it is busy, or it was restarted; then run the cell again.":
    "内核没有响应：可能正忙，也可能已重启；如已重启，请重新运行单元格。",
  "Page offline": "页面离线",
  "This page has no network. It goes on by itself when the network is back.":
    "此页面没有网络连接，网络恢复后会自动继续。",
  "This page has lost the Jupyter server. It goes on by itself when the server is back.":
    "此页面与 Jupyter 服务器失去连接，服务器恢复后会自动继续。",
  "Kernel restarted": "内核已重启",
  "The kernel was restarted: run the cell again to go on.": "内核已重启：请重新运行单元格以继续。",
  "Kernel stopped": "内核已停止",
  "The kernel was shut down: start it and run the cell again to go on.":
    "内核已关闭：请启动内核并重新运行单元格以继续。",
  "A cell is running, and the kernel has not heard this yet. Kernel → Interrupt ends it now.":
    "内核正在运行单元格，尚未收到此请求。使用笔记本自带的停止按钮（Kernel → Interrupt）可立即停止。",
  "The hub has not answered yet.": "Hub 尚未响应。",
  "The connection to the hub is lost.": "与 Hub 的连接已断开。",
  "The connection is closed.": "连接已关闭。",
  "No answer came within 30 s. Try again.": "30 秒内没有收到响应，请重试。",
  Chat: "聊天",
  "Chat “{name}”": "聊天“{name}”",
  "The conversation could not be drawn. Nothing of it is lost; the view tries again by itself.":
    "无法显示对话。内容没有丢失，视图会自动重试。",
} as const satisfies Catalogue;
