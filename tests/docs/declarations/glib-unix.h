/* As much of GLib as the manual uses, so that its snippet compiles without GLib. */
#ifndef DECLARED_GLIB_UNIX_H
#define DECLARED_GLIB_UNIX_H

typedef int gint;
typedef unsigned int guint;
typedef gint gboolean;
typedef void *gpointer;
typedef enum { G_IO_IN = 1 } GIOCondition;
typedef gboolean (*GUnixFDSourceFunc)(gint fd, GIOCondition condition, gpointer user_data);

#define G_SOURCE_REMOVE 0
#define G_SOURCE_CONTINUE 1

guint g_unix_fd_add(gint fd, GIOCondition condition, GUnixFDSourceFunc function, gpointer user_data);

#endif
