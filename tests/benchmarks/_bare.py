"""What an app of ours is compared with: the least PySide6 program with a tray icon. Argument `window`: with one too."""

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon, QWidget

app = QApplication(["bare"])
app.setQuitOnLastWindowClosed(False)
pixmap = QPixmap(64, 64)
pixmap.fill(Qt.GlobalColor.darkGreen)
menu = QMenu()
menu.addAction("Quit").triggered.connect(app.quit)
tray = QSystemTrayIcon(QIcon(pixmap))
tray.setContextMenu(menu)
tray.show()
window = QWidget()
if sys.argv[1:] == ["window"]:
    window.show()
app.exec()
