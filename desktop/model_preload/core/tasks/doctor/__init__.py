"""The doctor: everything around the program that decides whether models can be fetched and read, really tried.

    finding.py     what a check says, and how checks run side by side, each with its deadline
    machine.py     what only the operating system can tell, handed in by the composition root
    places.py      the folders that matter, and room and file systems of their drives
    trials.py      files really made, renamed, deleted, held, with long names, in each place
    visits.py      hubs and hosts really asked: reachable, themselves, with the right time and certificate
    access.py      token, and the repositories it may read
    own.py         settings, environment, journal, another run
    system.py      system, memory, graphics, platform
    service.py     whether the platform's own service is at work
    examine.py     all of it

What could not be tried is said to be so; nothing is concluded from it. Nothing is imported here: every command tells
findings' colours, only one makes any.
"""
