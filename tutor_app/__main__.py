"""`python -m tutor_app`: the same as `lessonlight-tutor`."""

from tutor_app.cli import main

if __name__ == "__main__":
    main()
