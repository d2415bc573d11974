/** Why a microphone, a camera or a screen could not be opened, and what to do. */
export const capture = {
  "capture.denied.audio": "浏览器不允许此页面使用麦克风。请在地址栏允许后重试。",
  "capture.denied.video": "浏览器不允许此页面使用摄像头。请在地址栏允许后重试。",
  "capture.denied.system": "操作系统不允许浏览器使用。请在系统的隐私设置中允许后重试。",
  "capture.denied.host": "此处不允许页面共享屏幕。请在单独的浏览器标签页中打开笔记本。",
  "capture.none.audio": "没有找到麦克风。请连接后重试。",
  "capture.none.video": "没有找到摄像头。请连接后重试。",
  "capture.busy.audio": "麦克风正被其他程序使用。请关闭该程序后重试。",
  "capture.busy.video": "摄像头正被其他程序使用。请关闭该程序后重试。",
  "capture.failed": "无法打开。请重试，或换一个设备。",
} as const;
