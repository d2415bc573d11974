// A notification on the desktop. Chrome on Android refuses the constructor: there, only a service worker may show one.

export interface Desktop {
  /** Shows a notification, if the person has allowed it; `pressed` is called where the browser tells of it. */
  show(title: string, options: NotificationOptions, pressed: () => void): void;
}

/** Where the browser cannot, nothing is shown. */
export function desktopOf(
  notification: typeof Notification | undefined,
  workers: ServiceWorkerContainer | undefined,
): Desktop {
  const showByWorker = async (title: string, options: NotificationOptions): Promise<void> => {
    const registration = await workers?.getRegistration();
    await registration?.showNotification(title, options);
  };
  return {
    show(title, options, pressed) {
      if (notification?.permission !== "granted") return;
      try {
        const shown = new notification(title, options);
        shown.onclick = () => {
          pressed();
          shown.close();
        };
      } catch {
        showByWorker(title, options).catch(() => {}); // the count in the page's title remains
      }
    },
  };
}
