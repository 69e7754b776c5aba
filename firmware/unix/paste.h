// Included before all else of the unix port: what is pasted into its REPL stays, while a line of it runs.
//
// The port gives the terminal back before it runs a line, and takes it again after, and each time drops what has come
// meanwhile. Here nothing is dropped, and what comes is left as it was typed; Ctrl-C stays a signal. Whoever started
// the REPL has the terminal back as it was when it ends.

#ifndef EMBER_PASTE_H
#define EMBER_PASTE_H

#include <stdbool.h>
#include <stdlib.h>
#include <termios.h>

static struct termios ember_terminal;  // as it was found

__attribute__((unused)) static void ember_give_back(void) {
    tcsetattr(0, TCSADRAIN, &ember_terminal);
}

__attribute__((unused)) static int ember_tcsetattr(int file, const struct termios *wanted) {
    static bool found = false;
    if (!found) {
        found = !tcgetattr(file, &ember_terminal);
        atexit(ember_give_back);
    }
    struct termios mode = *wanted;
    mode.c_lflag &= ~(ICANON | ECHO);
    mode.c_iflag &= ~ICRNL;
    return tcsetattr(file, TCSADRAIN, &mode);
}

#define tcsetattr(file, when, mode) ember_tcsetattr(file, mode)

#endif
