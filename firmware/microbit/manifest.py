# Frozen: of Ember what runs a program (tools/mk/microbit.mk says which modules), and what is done with it here. opt=3:
# without the numbers of lines.
package("ember", base_path="../../build/microbit-library", opt=3)
freeze(".", ("learn.py", "start.py"), opt=3)
