"""What is remembered of each address while events go by, and the rules that make findings of it.

All state is of bounded size and can be merged: events split over five machines in any way give what one machine finds.
"""
